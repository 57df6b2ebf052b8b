using System.Text;

namespace LlamaEngine.Tests.Tokenization;

/// <summary>Damages data at random places.</summary>
internal static class Mutation
{
    /// <summary>Flips, overwrites, removes or doubles a few bytes, or cuts the end off.</summary>
    public static byte[] OfBytes(byte[] original, Random random)
    {
        List<byte> bytes = [.. original];
        for (int times = random.Next(1, 5); times > 0 && bytes.Count > 0; times--)
        {
            int at = random.Next(bytes.Count);
            int length = Math.Min(random.Next(1, 9), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = 0xFF;
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                default:
                    bytes.RemoveRange(at, random.Next(10) == 0 ? bytes.Count - at : length);
                    break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Replaces the value behind a random colon by a scrap.</summary>
    public static byte[] OfJson(byte[] original, string[] scraps, Random random)
    {
        string json = Encoding.UTF8.GetString(original);
        // The start and the end, where the components stand, are hit as often as the long vocabulary between them.
        int from = random.Next(3) switch { 0 => random.Next(Math.Min(600, json.Length)), 1 => Math.Max(0, json.Length - random.Next(300)), _ => random.Next(json.Length) };
        int colon = json.IndexOf(':', from);
        int end = colon < 0 ? -1 : json.IndexOfAny([',', '}', ']'], colon);
        return end < 0 ? OfBytes(original, random) : Encoding.UTF8.GetBytes(json[..(colon + 1)] + scraps[random.Next(scraps.Length)] + json[end..]);
    }

    /// <summary>Swaps two elements, or cuts the array.</summary>
    public static Array OfArray(Array original, Random random)
    {
        int length = random.Next(3) == 0 ? random.Next(original.Length + 1) : original.Length;
        Array copy = Array.CreateInstance(original.GetType().GetElementType()!, length);
        Array.Copy(original, copy, length);
        if (length > 1)
        {
            (int a, int b) = (random.Next(length), random.Next(length));
            object? kept = copy.GetValue(a);
            copy.SetValue(copy.GetValue(b), a);
            copy.SetValue(kept, b);
        }
        return copy;
    }
}
