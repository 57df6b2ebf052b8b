using System.Runtime.InteropServices;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Writes metadata values; the counterpart of GgufValues.</summary>
internal static class GgufWriterValues
{
    private const int StringType = 8, ArrayType = 9;

    /// <summary>Writes the type and the value.</summary>
    /// <exception cref="ArgumentException">GGUF has no such type.</exception>
    public static void Write(BinaryWriter writer, string key, object value)
    {
        if (value is Array array)
        {
            writer.Write(ArrayType);
            WriteArray(writer, key, array);
            return;
        }
        writer.Write(TypeOf(key, value.GetType()));
        WriteScalar(writer, value);
    }

    private static void WriteArray(BinaryWriter writer, string key, Array array)
    {
        Type element = array.GetType().GetElementType()!;
        bool nested = element == typeof(Array) || element.IsArray;
        writer.Write(nested ? ArrayType : TypeOf(key, element));
        writer.Write((long)array.Length);
        if (nested)
        {
            foreach (object? inner in array)
                WriteArray(writer, key, (Array)inner!);
        }
        else
        {
            WriteElements(writer, array);
        }
    }

    /// <summary>Numbers are stored as they lie in memory: both sides are little-endian.</summary>
    private static void WriteElements(BinaryWriter writer, Array array)
    {
        if (array is string[] texts)
        {
            foreach (string text in texts)
                GgufWriterHeader.WriteString(writer, text);
        }
        else
        {
            int bytes = Buffer.ByteLength(array);
            writer.Write(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(array), bytes));
        }
    }

    private static void WriteScalar(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte v: writer.Write(v); break;
            case sbyte v: writer.Write(v); break;
            case ushort v: writer.Write(v); break;
            case short v: writer.Write(v); break;
            case uint v: writer.Write(v); break;
            case int v: writer.Write(v); break;
            case float v: writer.Write(v); break;
            case bool v: writer.Write(v); break;
            case ulong v: writer.Write(v); break;
            case long v: writer.Write(v); break;
            case double v: writer.Write(v); break;
            case string v: GgufWriterHeader.WriteString(writer, v); break;
        }
    }

    /// <summary>The number that GGUF gives a type.</summary>
    private static int TypeOf(string key, Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => 0,
        TypeCode.SByte => 1,
        TypeCode.UInt16 => 2,
        TypeCode.Int16 => 3,
        TypeCode.UInt32 => 4,
        TypeCode.Int32 => 5,
        TypeCode.Single => 6,
        TypeCode.Boolean => 7,
        TypeCode.String => StringType,
        TypeCode.UInt64 => 10,
        TypeCode.Int64 => 11,
        TypeCode.Double => 12,
        _ => throw new ArgumentException($"Metadata key '{key}' holds {type}, which GGUF cannot store."),
    };
}
