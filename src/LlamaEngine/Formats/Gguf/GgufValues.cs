namespace LlamaEngine.Formats.Gguf;

/// <summary>Reads the key-value section of a GGUF file.</summary>
internal static class GgufValues
{
    /// <summary>Most bytes of a key (the specification's bound).</summary>
    private const int LongestKey = 65535;

    /// <summary>Key length, one character, type and a value of one byte: what an entry takes at least.</summary>
    private const int SmallestEntry = 8 + 1 + 4 + 1;

    /// <summary>Arrays inside arrays: how deep. Files in use have at most two levels.</summary>
    private const int DeepestArray = 4;

    /// <summary>Most elements of one array: far above any vocabulary, and small enough for memory.</summary>
    private const int LongestArray = 1 << 24;

    private enum ValueType : uint
    {
        UInt8, Int8, UInt16, Int16, UInt32, Int32, Float32, Boolean, String, Array, UInt64, Int64, Float64,
    }

    /// <summary>Reads <paramref name="count"/> entries.</summary>
    public static GgufMetadata Read(ref GgufCursor cursor, int count)
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        var offsets = new Dictionary<string, long>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            long at = cursor.Position;
            string key = cursor.ReadName("a metadata key", LongestKey);
            string shown = Untrusted.Show(key);
            var type = (ValueType)cursor.ReadUInt32();
            if (!offsets.TryAdd(key, at))
                throw cursor.Damage(at, $"metadata key '{shown}' occurs twice.");
            values.Add(key, ReadValue(ref cursor, shown, type));
        }
        return new GgufMetadata(cursor.File.Path, values, offsets);
    }

    /// <summary>Reads the number of entries.</summary>
    public static int ReadCount(ref GgufCursor cursor) => cursor.ReadCount(SmallestEntry, "metadata entries");

    private static object ReadValue(ref GgufCursor cursor, string key, ValueType type) => type switch
    {
        ValueType.UInt8 => cursor.ReadArray<byte>(1)[0],
        ValueType.Int8 => cursor.ReadArray<sbyte>(1)[0],
        ValueType.UInt16 => cursor.ReadArray<ushort>(1)[0],
        ValueType.Int16 => cursor.ReadArray<short>(1)[0],
        ValueType.UInt32 => cursor.ReadArray<uint>(1)[0],
        ValueType.Int32 => cursor.ReadArray<int>(1)[0],
        ValueType.Float32 => cursor.ReadArray<float>(1)[0],
        ValueType.Boolean => ReadBooleans(ref cursor, key, 1)[0],
        ValueType.String => cursor.ReadString($"the value of '{key}'"),
        ValueType.Array => ReadArray(ref cursor, key, depth: 1),
        ValueType.UInt64 => cursor.ReadUInt64(),
        ValueType.Int64 => cursor.ReadArray<long>(1)[0],
        ValueType.Float64 => cursor.ReadArray<double>(1)[0],
        _ => throw cursor.Damage(cursor.Position - sizeof(uint), $"metadata key '{key}' has value type {(uint)type}, which GGUF does not define."),
    };

    private static Array ReadArray(ref GgufCursor cursor, string key, int depth)
    {
        long at = cursor.Position;
        var type = (ValueType)cursor.ReadUInt32();
        int size = ElementSize(type);
        if (size == 0)
            throw cursor.Damage(at, $"metadata key '{key}' has elements of type {(uint)type}, which GGUF does not define.");
        int count = cursor.ReadCount(size, $"elements of '{key}'");
        if (count > LongestArray)
            throw cursor.Damage(at, $"metadata key '{key}' has {count} elements, more than {LongestArray}.");
        return type switch
        {
            ValueType.UInt8 => cursor.ReadArray<byte>(count),
            ValueType.Int8 => cursor.ReadArray<sbyte>(count),
            ValueType.UInt16 => cursor.ReadArray<ushort>(count),
            ValueType.Int16 => cursor.ReadArray<short>(count),
            ValueType.UInt32 => cursor.ReadArray<uint>(count),
            ValueType.Int32 => cursor.ReadArray<int>(count),
            ValueType.Float32 => cursor.ReadArray<float>(count),
            ValueType.Boolean => ReadBooleans(ref cursor, key, count),
            ValueType.String => ReadStrings(ref cursor, key, count),
            ValueType.UInt64 => cursor.ReadArray<ulong>(count),
            ValueType.Int64 => cursor.ReadArray<long>(count),
            ValueType.Float64 => cursor.ReadArray<double>(count),
            _ => ReadArrays(ref cursor, key, count, depth),
        };
    }

    /// <summary>Bytes that one element takes at least; 0 for an unknown type.</summary>
    private static int ElementSize(ValueType type) => type switch
    {
        ValueType.UInt8 or ValueType.Int8 or ValueType.Boolean => 1,
        ValueType.UInt16 or ValueType.Int16 => 2,
        ValueType.UInt32 or ValueType.Int32 or ValueType.Float32 => 4,
        ValueType.UInt64 or ValueType.Int64 or ValueType.Float64 or ValueType.String => 8,
        ValueType.Array => sizeof(uint) + sizeof(ulong),
        _ => 0,
    };

    private static bool[] ReadBooleans(ref GgufCursor cursor, string key, int count)
    {
        long at = cursor.Position;
        ReadOnlySpan<byte> bytes = cursor.Take(count);
        int wrong = bytes.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (wrong >= 0)
            throw cursor.Damage(at + wrong, $"a boolean of '{key}' is {bytes[wrong]}, neither 0 nor 1.");
        var values = new bool[count];
        for (int i = 0; i < count; i++)
            values[i] = bytes[i] != 0;
        return values;
    }

    private static string[] ReadStrings(ref GgufCursor cursor, string key, int count)
    {
        string what = $"an element of '{key}'";
        var values = new string[count];
        for (int i = 0; i < count; i++)
            values[i] = cursor.ReadString(what);
        return values;
    }

    private static Array[] ReadArrays(ref GgufCursor cursor, string key, int count, int depth)
    {
        if (depth == DeepestArray)
            throw cursor.Damage(cursor.Position, $"metadata key '{key}' nests arrays deeper than {DeepestArray} levels.");
        var values = new Array[count];
        for (int i = 0; i < count; i++)
            values[i] = ReadArray(ref cursor, key, depth + 1);
        return values;
    }
}
