using System.Buffers.Binary;
using System.Collections.Immutable;
using LlamaEngine.Models;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Reads the rotary embedding from GGUF metadata.</summary>
internal static class GgufRope
{
    private const string DivisorsName = "rope_freqs.weight";

    /// <summary>Builds the configuration. Llama 3.1's scaling stands in the file as a tensor of divisors.</summary>
    public static RopeConfiguration Read(GgufKeys keys, string file, TensorTable tensors, int headSize, int contextLength)
    {
        int dimension = keys.Size("rope.dimension_count") ?? headSize;
        var plain = new RopeConfiguration
        {
            Base = (float)(keys.Number("rope.freq_base") ?? 10000),
            Dimension = dimension,
            Layout = RopeLayout.Interleaved,
            FrequencyDivisors = Divisors(tensors, dimension),
        };
        // A factor of 0 means none; a factor without a type is linear, the only kind that old files knew.
        double factor = keys.Number("rope.scaling.factor") ?? keys.Number("rope.scale_linear") ?? 0;
        if (factor == 0)
            factor = 1;
        string type = keys.Text("rope.scaling.type") ?? "linear";
        if (type != "yarn" && Attention(keys) is { } attention and not 1)
            throw new UnsupportedModelException($"attn_factor {attention} with RoPE scaling '{Untrusted.Show(type)}' ({file})", "attn_factor with YaRN");
        return type switch
        {
            "none" => plain,
            "linear" => factor == 1 ? plain : plain with { Scaling = RopeScaling.Linear, Factor = (float)factor },
            "yarn" => Yarn(plain, keys, file, factor, contextLength),
            var other => throw new UnsupportedModelException($"RoPE scaling '{Untrusted.Show(other)}' ({file})", "none, linear, yarn, and divisors in rope_freqs"),
        };
    }

    private static RopeConfiguration Yarn(RopeConfiguration plain, GgufKeys keys, string file, double factor, int contextLength)
    {
        if (keys.Number("rope.scaling.yarn_ext_factor") is { } mix and >= 0 and not 1)
            throw new UnsupportedModelException($"YaRN with yarn_ext_factor {mix} ({file})", "yarn_ext_factor 1");
        return plain with
        {
            Scaling = RopeScaling.Yarn,
            Factor = (float)factor,
            OriginalContextLength = keys.Size("rope.scaling.original_context_length") is > 0 and { } original ? original : contextLength,
            BetaFast = (float)(keys.Number("rope.scaling.yarn_beta_fast") ?? 32),
            BetaSlow = (float)(keys.Number("rope.scaling.yarn_beta_slow") ?? 1),
            AttentionFactor = AttentionFactor(keys, factor),
        };
    }

    /// <summary>
    /// GGUF's factor multiplies YaRN's own magnitude, whereas <see cref="RopeConfiguration.AttentionFactor"/> (Hugging Face's
    /// meaning) replaces it.
    /// </summary>
    private static float? AttentionFactor(GgufKeys keys, double factor)
    {
        if (Attention(keys) is not { } given || given == 1)
            return null;
        double magnitude = factor <= 1 ? 1 : 0.1 * Math.Log(factor) + 1;
        return (float)(given * magnitude);
    }

    private static double? Attention(GgufKeys keys) =>
        keys.Number("rope.scaling.attn_factor") ?? keys.Number("rope.scaling.yarn_attn_factor");

    private static unsafe ImmutableArray<float> Divisors(TensorTable tensors, int dimension)
    {
        if (!tensors.TryGet(DivisorsName, out TensorData tensor))
            return [];
        TensorInfo info = tensor.Info;
        if (info.Type != TensorType.F32 || info.Shape.Length != 1 || info.Shape[0] != dimension / 2)
        {
            throw new ModelFormatException(info.File, info.Offset,
                $"tensor '{DivisorsName}' is {info.Type} [{string.Join(", ", info.Shape)}], but F32 [{dimension / 2}] is expected.");
        }
        var divisors = new float[dimension / 2];
        for (int i = 0; i < divisors.Length; i++)
        {
            divisors[i] = BinaryPrimitives.ReadSingleLittleEndian(new ReadOnlySpan<byte>(tensor.Data + i * sizeof(float), sizeof(float)));
            if (!float.IsFinite(divisors[i]) || divisors[i] <= 0)
                throw new ModelFormatException(info.File, info.Offset + i * sizeof(float), $"'{DivisorsName}' holds {divisors[i]}, no positive number.");
        }
        return ImmutableArray.Create(divisors);
    }
}
