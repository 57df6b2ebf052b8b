using System.Text;

namespace LlamaEngine.Tests.Formats;

/// <summary>Writes GGUF files byte by byte from the specification, right or deliberately wrong.</summary>
internal sealed class GgufWriter
{
    /// <summary>Where in the last file each key or tensor description started.</summary>
    public Dictionary<string, long> Positions { get; } = [];

    public uint Version { get; set; } = 3;

    public int Alignment { get; set; } = 32;

    public ulong? TensorCount { get; set; }

    public ulong? ValueCount { get; set; }

    public List<(string Key, object Value)> Values { get; } = [];

    public List<Tensor> Tensors { get; } = [];

    /// <summary>A tensor; sizes innermost first as GGUF has them. A null offset places it behind the one before.</summary>
    public sealed record Tensor(string Name, uint Type, ulong[] Sizes, byte[] Data, ulong? Offset = null);

    /// <summary>A value that is written as it is: type id and payload.</summary>
    public sealed record Raw(uint Type, byte[] Payload);

    /// <summary>One layer, hidden 8, two heads of 4 sharing one key-value head, feed-forward 12, vocabulary 5.</summary>
    public static GgufWriter TinyLlama()
    {
        var writer = new GgufWriter();
        writer.Values.AddRange(
        [
            ("general.architecture", "llama"), ("llama.block_count", 1u), ("llama.context_length", 64u),
            ("llama.embedding_length", 8u), ("llama.feed_forward_length", 12u), ("llama.attention.head_count", 2u),
            ("llama.attention.head_count_kv", 1u), ("llama.attention.layer_norm_rms_epsilon", 1e-5f), ("llama.vocab_size", 5u),
        ]);
        writer.AddFloats("token_embd.weight", 8, 5);
        writer.AddFloats("blk.0.attn_norm.weight", 8);
        writer.AddFloats("blk.0.attn_q.weight", 8, 8);
        writer.AddFloats("blk.0.attn_k.weight", 8, 4);
        writer.AddFloats("blk.0.attn_v.weight", 8, 4);
        writer.AddFloats("blk.0.attn_output.weight", 8, 8);
        writer.AddFloats("blk.0.ffn_norm.weight", 8);
        writer.AddFloats("blk.0.ffn_gate.weight", 8, 12);
        writer.AddFloats("blk.0.ffn_up.weight", 8, 12);
        writer.AddFloats("blk.0.ffn_down.weight", 12, 8);
        writer.AddFloats("output_norm.weight", 8);
        writer.AddFloats("output.weight", 8, 5);
        return writer;
    }

    public GgufWriter Set(string key, object value)
    {
        int index = Values.FindIndex(pair => pair.Key == key);
        if (index < 0)
            Values.Add((key, value));
        else
            Values[index] = (key, value);
        return this;
    }

    public GgufWriter Remove(string key)
    {
        Values.RemoveAll(pair => pair.Key == key);
        Tensors.RemoveAll(tensor => tensor.Name == key);
        return this;
    }

    public GgufWriter Change(string tensor, Func<Tensor, Tensor> change)
    {
        int index = Tensors.FindIndex(t => t.Name == tensor);
        Tensors[index] = change(Tensors[index]);
        return this;
    }

    public GgufWriter AddFloats(string name, params ulong[] sizes)
    {
        int count = (int)sizes.Aggregate((left, right) => left * right);
        Tensors.Add(new Tensor(name, 0, sizes, Enumerable.Range(0, count).SelectMany(i => BitConverter.GetBytes(1f + i)).ToArray()));
        return this;
    }

    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write(TensorCount ?? (ulong)Tensors.Count);
        writer.Write(ValueCount ?? (ulong)Values.Count);
        foreach ((string key, object value) in Values)
        {
            Positions[key] = stream.Position;
            WriteText(writer, key);
            WriteValue(writer, value);
        }
        WriteTensors(writer);
        return stream.ToArray();
    }

    private void WriteTensors(BinaryWriter writer)
    {
        ulong next = 0;
        var placed = new List<(ulong Offset, byte[] Data)>();
        foreach (Tensor tensor in Tensors)
        {
            Positions[tensor.Name] = writer.BaseStream.Position;
            ulong offset = tensor.Offset ?? next;
            WriteText(writer, tensor.Name);
            writer.Write(tensor.Sizes.Length);
            Array.ForEach(tensor.Sizes, writer.Write);
            writer.Write(tensor.Type);
            writer.Write(offset);
            placed.Add((offset, tensor.Data));
            next = Pad(offset + (ulong)tensor.Data.Length);
        }
        ulong start = Pad((ulong)writer.BaseStream.Position);
        foreach ((ulong offset, byte[] data) in placed.Where(p => p.Offset < 1 << 20))
        {
            writer.BaseStream.Position = (long)(start + offset);
            writer.Write(data);
        }
        writer.Flush();
        writer.BaseStream.SetLength((long)Pad((ulong)writer.BaseStream.Length));
    }

    private ulong Pad(ulong value) => (value + (ulong)Alignment - 1) / (ulong)Alignment * (ulong)Alignment;

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        writer.Write(TypeOf(value));
        WritePayload(writer, value);
    }

    private static uint TypeOf(object value) => value switch
    {
        byte => 0,
        sbyte => 1,
        ushort => 2,
        short => 3,
        uint => 4,
        int => 5,
        float => 6,
        bool => 7,
        string => 8,
        Array => 9,
        ulong => 10,
        long => 11,
        double => 12,
        Raw raw => raw.Type,
        _ => throw new ArgumentException($"no GGUF value: {value}"),
    };

    private static void WritePayload(BinaryWriter writer, object value)
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
            case string v: WriteText(writer, v); break;
            case Raw v: writer.Write(v.Payload); break;
            case Array v: WriteArray(writer, v); break;
        }
    }

    private static void WriteArray(BinaryWriter writer, Array array)
    {
        writer.Write(array.Length == 0 ? 4u : TypeOf(array.GetValue(0)!));
        writer.Write((ulong)array.Length);
        foreach (object item in array)
            WritePayload(writer, item);
    }
}
