using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ExpEther.Core;

/// <summary>Assertions about our own code; they stay on in Release. What a peer sends is never asserted, it is checked and counted.</summary>
[StackTraceHidden]
public static class Check
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void That([DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string? expression = null)
    {
        if (!condition)
        {
            Fail(expression);
        }
    }

    [DoesNotReturn]
    public static void Fail(string? what) => throw new InvariantException($"invariant broken: {what}");
}
