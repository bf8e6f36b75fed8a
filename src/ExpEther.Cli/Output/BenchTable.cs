using ExpEther.Bench.Measuring;

namespace ExpEther.Cli.Output;

/// <summary>Benches as a table for people.</summary>
internal static class BenchTable
{
    public static string Of(IReadOnlyList<BenchResult> results)
    {
        var table = new TextTable("bench", "unit", "ours", "p99", "reference", "p99", "ratio", "goal", "met", "CPU µs", "ref. CPU µs", "sealed", "ratio");
        foreach (var r in results.Where(r => r.Skipped is null))
        {
            table.Add(
                r.Name, r.Unit, Text(r.Ours.Value), Text(r.Ours.P99), Text(r.Reference.Value), Text(r.Reference.P99), Text(r.Ratio), r.Goal.ToString(),
                r.IsMet ? "yes" : "no", Text(r.Ours.CpuMicroseconds), Text(r.Reference.CpuMicroseconds),
                Text(r.Sealed.Count > 0 ? r.Sealed.Value : null), Text(r.Sealed.Count > 0 ? r.Sealed.Value / r.Reference.Value : null));
        }

        var lines = new List<string> { table.ToString() };
        lines.AddRange(results.Where(r => r.Skipped is null).Select(r => $"{r.Name} against {r.ReferenceName}"));
        lines.AddRange(results.Where(r => r.Skipped is not null).Select(r => $"{r.Name} skipped: {r.Skipped!.Message}; {r.Skipped.Remedy}"));
        return string.Join('\n', lines);
    }

    private static string Text(double? value) => value switch
    {
        null => "-",
        >= 1000 => FormattableString.Invariant($"{value:0}"),
        >= 100 => FormattableString.Invariant($"{value:0.0}"),
        _ => FormattableString.Invariant($"{value:0.00}"),
    };
}
