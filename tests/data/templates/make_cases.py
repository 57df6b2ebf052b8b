"""Makes jinja-cases.json: what jinja2 itself, set up as Hugging Face transformers does, answers for the templates below.

Run it after adding a template: python3 make_cases.py (needs jinja2 3.1). The clock stands at 2026-11-21 00:00.
"""
import json
import sys
from datetime import datetime
from pathlib import Path

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_run"), [], [], body).set_lineno(line)

    def _run(self, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda f: datetime(2026, 11, 21).strftime(f)
    return env


VARIABLES = {
    "bos_token": "<s>", "text": "Hello, World", "empty": "", "number": 7, "float": 2.5,
    "big": 123456789012345678901234567890, "yes": True, "no": False, "nothing": None,
    "list": [3, 1, 2], "words": ["b", "A", "c", "a"], "dict": {"b": 1, "a": [1, 2.0, None], "items": "x"},
    "users": [{"name": "Zoe", "age": 30, "tags": ["x"]}, {"name": "adam", "age": 25, "tags": []}, {"name": "Bob", "age": 30}],
    "unicode": "Zürich 日本 🙂!", "lines": "one\ntwo\n\n  three", "html": "<a href='x'>&\"</a>",
    "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}, {"role": "assistant", "content": "A"}],
    "floats": [0.1, 1.0, 1e16, 1e-5, 123456789.123, 1e22, 5e-324, -0.0, 1.5e300, 100000.0, 0.0001],
}


def answer(template):
    try:
        return {"output": environment().from_string(template).render(**VARIABLES)}
    except TemplateSyntaxError:
        return {"invalid": True}
    except (UndefinedError, SecurityError) as error:
        return {"error": str(error)}
    except TemplateError as error:
        return {"error": str(error)}
    except Exception:
        return {"error": None}


def main():
    folder = Path(__file__).parent
    templates = (folder / "jinja-templates.txt").read_text(encoding="utf-8").rstrip("\n").split("\n====\n")
    cases = [{"template": template} | answer(template) for template in templates]
    text = json.dumps({"variables": VARIABLES, "cases": cases}, ensure_ascii=False, indent=1)
    (folder / "jinja-cases.json").write_text(text + "\n", encoding="utf-8")
    print(len(cases), "cases,", sum("output" in case for case in cases), "with output", file=sys.stderr)


if __name__ == "__main__":
    main()
