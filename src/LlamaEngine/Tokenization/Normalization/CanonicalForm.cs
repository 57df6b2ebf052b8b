using System.Buffers;
using System.Text;
using LlamaEngine.Tokenization.Splitting;

namespace LlamaEngine.Tokenization.Normalization;

/// <summary>
/// Unicode's normalization forms NFC and NFD, with tables of our own: .NET leaves text as it is, without a word, where the
/// process runs in globalization-invariant mode.
/// </summary>
/// <param name="composes">NFC; otherwise NFD.</param>
internal sealed class CanonicalForm(bool composes) : TextNormalizer
{
    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        if (Ascii.IsValid(text))
        {
            output.Write(text);
            return;
        }
        List<int> codePoints = new(text.Length);
        for (int i = 0, length; i < text.Length; i += length)
            CanonicalMappings.Decompose(CodePointClasses.Decode(text, i, out length), codePoints);
        SortMarks(codePoints);
        if (composes)
            Compose(codePoints);
        foreach (int codePoint in codePoints)
            output.Advance(new Rune(codePoint).EncodeToUtf8(output.GetSpan(4)));
    }

    // Marks behind a character are put in the order of their classes; marks of one class keep theirs.
    private static void SortMarks(List<int> codePoints)
    {
        for (int start = 0; start < codePoints.Count; start++)
        {
            int end = start;
            while (end < codePoints.Count && CanonicalMappings.Class(codePoints[end]) != 0)
                end++;
            if (end - start < 2)
                continue;
            int[] sorted = [.. codePoints.GetRange(start, end - start).OrderBy(CanonicalMappings.Class)];
            for (int i = 0; i < sorted.Length; i++)
                codePoints[start + i] = sorted[i];
            start = end;
        }
    }

    // A mark joins the character before it unless another mark of the same or a higher class stands between them.
    private static void Compose(List<int> codePoints)
    {
        int kept = 0;
        int starter = -1;
        int lastClass = 0;
        for (int i = 0; i < codePoints.Count; i++)
        {
            int codePoint = codePoints[i];
            int kind = CanonicalMappings.Class(codePoint);
            bool isAdjacent = starter == kept - 1;
            bool isBlocked = !isAdjacent && (lastClass == 0 || lastClass >= kind);
            if (starter >= 0 && !isBlocked && CanonicalMappings.TryCompose(codePoints[starter], codePoint, out int composed))
            {
                codePoints[starter] = composed;
                continue;
            }
            if (kind == 0)
                starter = kept;
            lastClass = kind;
            codePoints[kept++] = codePoint;
        }
        codePoints.RemoveRange(kept, codePoints.Count - kept);
    }
}
