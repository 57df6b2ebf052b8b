using System.Text.Json;
using LlamaEngine.Backends;
using LlamaEngine.Formats;
using LlamaEngine.Formats.HuggingFace;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Formats;

/// <summary>
/// What the readers fill in must make the rotation that the file's own engine makes: for GGUF ggml's formula, written down
/// here independently; and GGUF and config.json of one model must agree.
/// </summary>
public sealed class RopeAgreementTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rope-llama3")]
    [InlineData("rope-yarn")]
    [InlineData("gqa-tied")]
    public void Gguf_turns_as_config_json_does(string name)
    {
        string folder = SharedData.Own("models", name), path = Path.Combine(folder, "config.json");
        using JsonDocument config = JsonText.ReadObject(path, 4096);
        RopeFrequencies expected = RopeFrequencies.Compute(HuggingFaceConfiguration.Read(new ConfigReader(config.RootElement, path)).Model.Rope);
        using ModelFile file = ModelFile.Open(Path.Combine(folder, "model.gguf"));
        RopeFrequencies actual = RopeFrequencies.Compute(file.Configuration.Rope);
        Assert.Equal(expected.Magnitude, actual.Magnitude, 1e-6);
        Assert.Equal(expected.Inverse.Length, actual.Inverse.Length);
        for (int i = 0; i < expected.Inverse.Length; i++)
            Assert.Equal(1, actual.Inverse[i] / expected.Inverse[i], 1e-6);
    }

    [Theory]
    [InlineData(null, 4f, null, null, null, null)]
    [InlineData("none", 4f, null, null, null, null)]
    [InlineData("linear", 4f, null, null, null, null)]
    [InlineData("yarn", 4f, 16u, null, null, null)]
    [InlineData("yarn", 4f, null, null, null, null)]
    [InlineData("yarn", 8f, 16u, 0.75f, null, null)]
    [InlineData("yarn", 8f, 16u, 1.5f, 4f, 0.5f)]
    [InlineData("yarn", 1f, 16u, 1.5f, null, null)]
    [InlineData("yarn", 0.5f, 16u, null, null, null)]
    [InlineData("yarn", 0.5f, 16u, 2f, null, null)]
    public void Gguf_turns_as_ggml_does(string? type, float factor, uint? original, float? attention, float? fast, float? slow)
    {
        GgufWriter writer = Wide().Set("llama.rope.scaling.factor", factor).Set("llama.rope.freq_base", 500f);
        Add(writer, "type", type);
        Add(writer, "original_context_length", original);
        Add(writer, "attn_factor", attention);
        Add(writer, "yarn_beta_fast", fast);
        Add(writer, "yarn_beta_slow", slow);
        using ModelFile file = ModelFile.Open(_folder.Write("model.gguf", writer.ToArray()));
        RopeFrequencies actual = RopeFrequencies.Compute(file.Configuration.Rope);
        float scale = type == "none" ? 1 : 1 / factor, mix = type == "yarn" ? 1 : 0;
        for (int i = 0; i < actual.Inverse.Length; i++)
        {
            (double angle, double magnitude) = Ggml(i, 500, scale, mix, original ?? 64, fast ?? 32, slow ?? 1, attention ?? 1);
            Assert.Equal(1, actual.Inverse[i] / angle, 1e-5);
            if (mix != 0)
                Assert.Equal(magnitude, actual.Magnitude, 1e-5);
        }
    }

    [Theory]
    [InlineData("llama.rope.scale_linear", 2f, 2)]
    [InlineData("llama.rope.scaling.factor", 0f, 1)]
    public void Old_and_empty_factors(string key, float value, float expected)
    {
        using ModelFile file = ModelFile.Open(_folder.Write("model.gguf", Wide().Set(key, value).ToArray()));
        Assert.Equal(expected, file.Configuration.Rope.Factor);
        Assert.Equal(expected == 1 ? RopeScaling.None : RopeScaling.Linear, file.Configuration.Rope.Scaling);
    }

    /// <summary>Angle per position and factor on cosine and sine of pair <paramref name="pair"/>, head size 16.</summary>
    private static (double Angle, double Magnitude) Ggml(
        int pair, double theta, double scale, double mix, double original, double fast, double slow, double attention)
    {
        const int Size = 16;
        double extrapolated = Math.Pow(theta, -2.0 * pair / Size), interpolated = scale * extrapolated;
        if (mix == 0)
            return (interpolated, attention);
        double low = Math.Max(0, Math.Floor(Turn(fast))), high = Math.Min(Size - 1, Math.Ceiling(Turn(slow)));
        double ramp = (1 - Math.Min(1, Math.Max(0, (pair - low) / Math.Max(0.001, high - low)))) * mix;
        // llama.cpp hands in a factor that cancels ggml's own term, and puts YaRN's (at least 1) in its place.
        double stretch = 1 / scale, own = 1 + 0.1 * Math.Log(stretch), wanted = stretch <= 1 ? 1 : own;
        double handed = wanted / own * attention;
        return (interpolated * (1 - ramp) + extrapolated * ramp, handed * own);

        double Turn(double turns) => Size * Math.Log(original / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }

    /// <summary>One head of 16 values.</summary>
    private static GgufWriter Wide()
    {
        GgufWriter writer = GgufWriter.TinyLlama().Set("llama.attention.head_count", 1u)
            .Set("llama.attention.key_length", 16u).Set("llama.attention.value_length", 16u);
        foreach (string name in new[] { "q", "k", "v", "output" })
            writer.Remove($"blk.0.attn_{name}.weight");
        writer.AddFloats("blk.0.attn_q.weight", 8, 16).AddFloats("blk.0.attn_k.weight", 8, 16).AddFloats("blk.0.attn_v.weight", 8, 16);
        return writer.AddFloats("blk.0.attn_output.weight", 16, 8);
    }

    private static void Add(GgufWriter writer, string key, object? value)
    {
        if (value is not null)
            writer.Set($"llama.rope.scaling.{key}", value);
    }
}
