using System.Runtime.CompilerServices;

namespace LlamaEngine.Templates.Jinja;

/// <summary>What one rendering may still use up: evaluated nodes, depth of nesting and length of texts.</summary>
/// <remarks>
/// A template comes with a model file, so it may be hostile. Every node costs a step; what copies a text or a list costs steps by
/// its length, and what goes through a value with all that it holds, by its <see cref="Weight"/>. So the number of steps
/// bounds time and memory, while passing a long conversation around stays cheap.
/// </remarks>
internal sealed class Budget(long steps)
{
    /// <summary>Longest text in UTF-16 units, the output included.</summary>
    public const int MaxTextLength = 8 * 1024 * 1024;

    /// <summary>Most nodes that may be evaluated inside one another, macros included.</summary>
    public const int MaxDepth = 800;

    private long _steps = steps;
    private int _depth;

    /// <summary>Takes steps away.</summary>
    /// <exception cref="ChatTemplateException">None are left.</exception>
    public void Charge(long steps)
    {
        _steps -= steps;
        if (_steps < 0)
            throw new ChatTemplateException("The template ran too long and was stopped.");
    }

    /// <summary>Takes away what it costs to go through a value with all that it holds: to print or to compare it.</summary>
    public void ChargeFor(object? value) => Charge(Weight.Of(value));

    /// <summary>Takes away what it costs to copy a value: a list without what its elements hold.</summary>
    public void ChargeCopy(object? value) => Charge(value is Sequence list ? 1 + list.Count / 8 : value is Container ? 1 : Weight.Of(value));

    /// <summary>Begins the evaluation of a node; <see cref="Leave"/> ends it.</summary>
    /// <remarks>After an exception the rendering is over, so nobody needs to leave in a finally block.</remarks>
    public void Enter()
    {
        Charge(1);
        if (++_depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new ChatTemplateException("maximum recursion depth exceeded");
    }

    /// <summary>Ends the evaluation of a node.</summary>
    public void Leave() => _depth--;

    /// <summary>Makes sure, before it is built, that a text has a permitted length.</summary>
    public static int CheckLength(long length) => length <= MaxTextLength
        ? (int)length
        : throw new ChatTemplateException($"The template made a text of more than {MaxTextLength} characters and was stopped.");
}
