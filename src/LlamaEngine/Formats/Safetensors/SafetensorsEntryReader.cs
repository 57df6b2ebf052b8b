using System.Collections.Immutable;
using System.Text.Json;

namespace LlamaEngine.Formats.Safetensors;

/// <summary>Reads one entry of a safetensors header.</summary>
internal static class SafetensorsEntryReader
{
    private const int MostDimensions = 8;

    /// <summary>Reads the entry and checks its extent against the file and against its own shape.</summary>
    /// <param name="start">Where the data section starts in the file.</param>
    public static SafetensorsEntry Read(JsonProperty property, MappedFile file, long start)
    {
        string name = property.Name, shown = Untrusted.Show(name);
        JsonElement entry = property.Value;
        string type = Member(entry, "dtype", JsonValueKind.String, shown, file).GetString()!;
        ImmutableArray<long> shape = Shape(Member(entry, "shape", JsonValueKind.Array, shown, file), shown, file);
        (long from, long to) = Offsets(Member(entry, "data_offsets", JsonValueKind.Array, shown, file), shown, file);
        if (from > to || to > file.Length - start)
            throw Damage(file, $"the data of '{shown}' should stand from {from} to {to}, but {file.Length - start} bytes of data are there");
        EnsureSize(type, shape, to - from, shown, file);
        return new SafetensorsEntry(name, type, shape, start + from, to - from);
    }

    /// <summary>Bytes of a value; null for types unknown to us (which are refused if the network uses the tensor).</summary>
    private static int? ValueSize(string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" => 1,
        "I16" or "U16" or "F16" or "BF16" => 2,
        "I32" or "U32" or "F32" => 4,
        "I64" or "U64" or "F64" => 8,
        _ => null,
    };

    private static void EnsureSize(string type, ImmutableArray<long> shape, long bytes, string name, MappedFile file)
    {
        if (ValueSize(type) is not { } size)
            return;
        UInt128 product = (UInt128)size;
        foreach (long dimension in shape)
        {
            product *= (UInt128)dimension;
            if (product > long.MaxValue)
                throw Damage(file, $"the shape of '{name}' is too large");
        }
        if (product != (UInt128)bytes)
            throw Damage(file, $"'{name}' is {type} [{string.Join(", ", shape)}] and needs {product} bytes, but has {bytes}");
    }

    private static ImmutableArray<long> Shape(JsonElement json, string name, MappedFile file)
    {
        if (json.GetArrayLength() > MostDimensions)
            throw Damage(file, $"'{name}' has more than {MostDimensions} dimensions");
        return [.. json.EnumerateArray().Select(size => Whole(size, name, file))];
    }

    private static (long From, long To) Offsets(JsonElement json, string name, MappedFile file) => json.GetArrayLength() == 2
        ? (Whole(json[0], name, file), Whole(json[1], name, file))
        : throw Damage(file, $"'{name}' should have two data_offsets");

    private static long Whole(JsonElement json, string name, MappedFile file) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out long value) && value >= 0
            ? value
            : throw Damage(file, $"a size or offset of '{name}' is no whole number");

    private static JsonElement Member(JsonElement entry, string key, JsonValueKind kind, string name, MappedFile file) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(key, out JsonElement value) && value.ValueKind == kind
            ? value
            : throw Damage(file, $"the entry of '{name}' lacks a proper '{key}'");

    private static ModelFormatException Damage(MappedFile file, string problem) => new(file.Path, sizeof(ulong), $"{problem}.");
}
