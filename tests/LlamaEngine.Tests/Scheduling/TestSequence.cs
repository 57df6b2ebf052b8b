using LlamaEngine.Backends;
using LlamaEngine.Scheduling;

namespace LlamaEngine.Tests.Scheduling;

/// <summary>A sequence that "generates" a function of everything before it, so that a wrong order or a lost token shows.</summary>
internal sealed class TestSequence : Sequence
{
    private readonly int[] _tokens;
    private readonly int _promptLength;
    private int _generated;

    public TestSequence(int[] prompt, int generate, CancellationToken cancellation = default)
        : base(cancellation)
    {
        _tokens = new int[prompt.Length + generate];
        prompt.CopyTo(_tokens, 0);
        _promptLength = prompt.Length;
    }

    public bool Completed { get; private set; }

    /// <summary>Sequences of the same prompt that begin as copies of this one; each generates other tokens, by its salt.</summary>
    public TestSequence[] Followers { get; set; } = [];

    public int Salt { get; init; }

    public override ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _promptLength + _generated);

    public override int MaxLength => Math.Max(_promptLength, _tokens.Length - 1);

    public override WantedRows WantedLogits => WantedRows.Last;

    public int[] Generated => _tokens[_promptLength..(_promptLength + _generated)];

    public static int[] Expected(int[] prompt, int generate, int salt = 0)
    {
        List<int> tokens = [.. prompt];
        for (int i = 0; i < generate; i++)
            tokens.Add(Next([.. tokens], salt));
        return [.. tokens[prompt.Length..]];
    }

    public override bool TakeLogits(int position, Span<float> logits)
    {
        Assert.Equal(Tokens.Length - 1, position);
        _tokens[_promptLength + _generated] = Next(Tokens, Salt);
        return ++_generated == _tokens.Length - _promptLength;
    }

    public override ReadOnlySpan<Sequence> TakeFollowers()
    {
        TestSequence[] followers = Followers;
        Followers = [];
        return ReadOnlySpan<Sequence>.CastUp<TestSequence>(followers);
    }

    protected override void OnEnded(Exception? exception) => Completed = true;

    private static int Next(ReadOnlySpan<int> tokens, int salt)
    {
        int sum = tokens.Length + salt;
        foreach (int token in tokens)
            sum = unchecked(sum * 31 + token);
        return Math.Abs(sum % 50);
    }
}
