using System.Text.Json.Nodes;

namespace ExpEther.Bench.Measuring;

/// <summary>The runs of one side: medians, which a single disturbed run does not move.</summary>
public sealed class SampleSet
{
    private readonly List<Sample> _samples = [];

    public int Count => _samples.Count;

    public double Value => Median(_samples.Select(s => s.Value));

    public double? P99 => _samples.All(s => s.P99 is not null) && Count > 0 ? Median(_samples.Select(s => s.P99!.Value)) : null;

    public double CpuMicroseconds => Median(_samples.Select(s => s.CpuMicroseconds));

    public void Add(Sample sample) => _samples.Add(sample);

    /// <summary>Every run's value, in order.</summary>
    public JsonArray ToJson() => [.. _samples.Select(s => (JsonNode)Math.Round(s.Value, 3))];

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? 0
            : sorted.Count % 2 == 1 ? sorted[sorted.Count / 2]
            : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
