// Has ajv judge instances of schemas, of draft 2020-12. Standard input: a list of {schema, instances}, both as JSON text. Standard output:
// for each a list of booleans, or a text that says why ajv takes no such schema.

import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";

// "format" is an annotation in this draft; "strict" would refuse what the specification allows; numbers are binary here, so that 4.35 is a
// multiple of 0.01 only with a precision; and what every object inherits in JavaScript ("toString") is not a member.
const options = { strict: false, validateFormats: false, multipleOfPrecision: 9, ownProperties: true };
const ajv = new Ajv2020(options);

function judge({ schema, instances }) {
  try {
    const validate = ajv.compile(JSON.parse(schema));
    return instances.map((instance) => validate(JSON.parse(instance)));
  } catch (error) {
    return String(error.message);
  } finally {
    ajv.removeSchema(); // names in one schema say nothing about the next
  }
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(judge)));
