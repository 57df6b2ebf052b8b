using System.Numerics;
using LlamaEngine.Sampling.Structured.Automaton;

namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>A grammar, and the engine's tokens to write it with.</summary>
internal sealed record TokenStructure(Grammar Grammar, StructureEngine Engine);

/// <summary>Keeps one completion within its grammar.</summary>
/// <remarks>
/// Its state follows from the tokens alone: it reads those it has not seen yet, so a sequence that was preempted, forked or resumed needs
/// nothing else. Belongs to the engine's loop thread; allocates nothing where others have been before.
/// </remarks>
internal sealed class StructureFollower(TokenStructure structure)
{
    private GrammarState _state = structure.Grammar.Start;
    private int _read;

    /// <summary>Nothing but the end may follow.</summary>
    public bool IsClosed => _state.IsClosed;

    /// <summary>Forbids all tokens that lead away from the grammar; end tokens are allowed where the instance is complete.</summary>
    /// <param name="logits">One a token of the vocabulary.</param>
    /// <param name="output">The completion so far.</param>
    /// <param name="ends">The tokens that end it.</param>
    public void Apply(Span<float> logits, ReadOnlySpan<int> output, ReadOnlySpan<int> ends)
    {
        Follow(output);
        Span<float> kept = ends.Length <= 64 ? stackalloc float[ends.Length] : new float[ends.Length];
        for (int i = 0; i < ends.Length; i++)
            kept[i] = _state.IsComplete ? logits[ends[i]] : float.NegativeInfinity;
        Forbid(logits);
        // A token that ends the completion is no text, even where its bytes would be allowed.
        for (int i = 0; i < ends.Length; i++)
            logits[ends[i]] = kept[i];
    }

    /// <summary>Has the next masks made while the model computes with the token that was drawn.</summary>
    public void Prepare(int token) => structure.Engine.Prepare(_state, token);

    private void Follow(ReadOnlySpan<int> output)
    {
        if (_read > output.Length)
            (_state, _read) = (structure.Grammar.Start, 0);
        for (; _read < output.Length; _read++)
        {
            _state = structure.Engine.Advance(_state, output[_read])
                ?? throw new InvalidOperationException($"Token {output[_read]} leads away from the response format.");
        }
    }

    private void Forbid(Span<float> logits)
    {
        ReadOnlySpan<Frame> frames = _state.Frames;
        if (frames.Length == 1)
        {
            Forbid(logits, structure.Engine.Mask(frames[0]));
            return;
        }
        Span<ulong> union = structure.Engine.Union;
        union.Clear();
        foreach (Frame frame in frames)
        {
            ReadOnlySpan<ulong> mask = structure.Engine.Mask(frame);
            for (int word = 0; word < mask.Length; word++)
                union[word] |= mask[word];
        }
        Forbid(logits, union);
    }

    private static void Forbid(Span<float> logits, ReadOnlySpan<ulong> allowed)
    {
        for (int start = 0; start < logits.Length; start += 64)
        {
            Span<float> part = logits.Slice(start, Math.Min(64, logits.Length - start));
            ulong forbidden = ~allowed[start >> 6];
            if (forbidden == ulong.MaxValue)
            {
                part.Fill(float.NegativeInfinity);
                continue;
            }
            for (; forbidden != 0 && BitOperations.TrailingZeroCount(forbidden) is var bit && bit < part.Length; forbidden &= forbidden - 1)
                part[bit] = float.NegativeInfinity;
        }
    }
}
