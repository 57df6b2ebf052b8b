namespace LlamaEngine.Tokenization.Json;

/// <summary>Reads from <c>post_processor</c> of tokenizer.json which tokens are put around a text.</summary>
internal sealed class PostProcessorReader
{
    /// <summary>The token in front; null: none.</summary>
    public int? Front { get; private set; }

    /// <summary>The token behind; null: none.</summary>
    public int? Back { get; private set; }

    /// <summary>There is a template, so that it decides.</summary>
    public bool HasTemplate { get; private set; }

    /// <summary>Reads a post-processor; null for none.</summary>
    /// <exception cref="UnsupportedModelException">It is of a type that is not implemented, or adds other tokens than one in front and one behind.</exception>
    public void Read(JsonField? postProcessor)
    {
        if (postProcessor is not { } field)
            return;
        string type = field.TextOf("type");
        switch (type)
        {
            case "Sequence":
                foreach (JsonField item in field.Required("processors").Items())
                    Read(item);
                break;
            case "ByteLevel":
                break;
            case "TemplateProcessing":
                ReadTemplate(field);
                break;
            default:
                throw JsonField.Unsupported($"post_processor '{type}'", "Sequence, ByteLevel, TemplateProcessing");
        }
    }

    private void ReadTemplate(JsonField template)
    {
        HasTemplate = true;
        bool behind = false;
        foreach (JsonField part in template.Required("single").Items())
        {
            if (part["Sequence"] is not null)
                behind = true;
            else if (behind)
                Back = Only(Back, FindId(template, part));
            else
                Front = Only(Front, FindId(template, part));
        }
    }

    private static int FindId(JsonField template, JsonField part)
    {
        string name = part.Required("SpecialToken").TextOf("id");
        List<JsonField> ids = [.. template.Required("special_tokens").Required(name).Required("ids").Items()];
        return ids.Count == 1 ? ids[0].AsInteger() : throw TooMany();
    }

    private static int Only(int? earlier, int id) => earlier is null ? id : throw TooMany();

    private static UnsupportedModelException TooMany() =>
        JsonField.Unsupported("template with several tokens on one side of the text", "one in front and one behind");
}
