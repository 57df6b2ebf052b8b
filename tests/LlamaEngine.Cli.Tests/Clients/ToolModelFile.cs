using System.Buffers.Binary;
using System.Text;
using LlamaEngine.Tests.Tools;

namespace LlamaEngine.Cli.Tests.Clients;

/// <summary>The demo model as a file whose template knows tools, as Hermes and Qwen write them.</summary>
internal static class ToolModelFile
{
    private const int Alignment = 32;

    /// <summary>Writes the file: the demo model's with another text in place of its template.</summary>
    public static void Write(string path)
    {
        byte[] model = File.ReadAllBytes(CliRun.Lexicon);
        ReadOnlySpan<byte> key = "tokenizer.chat_template"u8;
        int length = model.AsSpan().IndexOf(key) + key.Length + sizeof(uint); // behind the value's type
        int text = length + sizeof(ulong), behind = text + (int)BinaryPrimitives.ReadUInt64LittleEndian(model.AsSpan(length));
        // The tensors begin at a multiple of the alignment: spaces that the template ignores keep them there.
        int padding = Alignment - (Encoding.UTF8.GetByteCount(HermesTemplate.Text) - (behind - text)) % Alignment;
        byte[] template = Encoding.UTF8.GetBytes(HermesTemplate.Text.Insert("{%-".Length, new string(' ', padding)));
        Span<byte> size = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(size, (ulong)template.Length);
        File.WriteAllBytes(path, [.. model.AsSpan(0, length), .. size, .. template, .. model.AsSpan(behind)]);
    }
}
