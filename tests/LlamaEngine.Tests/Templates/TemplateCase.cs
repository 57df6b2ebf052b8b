using System.Text.Json.Nodes;
using LlamaEngine.Templates;

namespace LlamaEngine.Tests.Templates;

/// <summary>One rendering with the answer of the reference: its output, or that it fails.</summary>
internal static class TemplateCase
{
    /// <summary>Renders <c>input</c> and compares with <c>output</c>, or with <c>error</c> (null: any error will do).</summary>
    public static void Check(ChatTemplate template, JsonObject input, JsonObject expected)
    {
        if (expected["output"] is { } output)
        {
            Assert.Equal(output.GetValue<string>(), template.Render(input, FixedClock.Golden));
            return;
        }
        ChatTemplateException error = Assert.Throws<ChatTemplateException>(() => template.Render(input, FixedClock.Golden));
        if (expected["error"] is { } message)
            Assert.Equal(message.GetValue<string>(), error.Message);
    }
}
