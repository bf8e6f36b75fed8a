namespace ExpEther.Daemon.Config;

/// <summary>"Did you mean": the known word nearest to a mistyped one, by edit distance.</summary>
public static class Suggestion
{
    public static string For(string word, IReadOnlyList<string> known)
    {
        var nearest = Nearest(word, known);
        return nearest is not null ? $"did you mean '{nearest}'?"
            : known.Count > 0 ? $"known are: {string.Join(", ", known.Order(StringComparer.Ordinal))}" : "nothing is known here";
    }

    /// <returns>Null when nothing is near enough to be meant, or nothing is known at all.</returns>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        // MinBy of a reference type is null where there is none; of a value type it throws.
        var best = known.MinBy(candidate => Distance(word.ToUpperInvariant(), candidate.ToUpperInvariant()));
        return best is not null && Distance(word.ToUpperInvariant(), best.ToUpperInvariant()) <= Math.Max(2, word.Length / 3) ? best : null;
    }

    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }

            previous = current;
        }

        return previous[^1];
    }
}
