using System.Text.Json.Nodes;

namespace ExpEther.Bench.Measuring;

/// <summary>One bench's outcome. Goals judge the unsealed link; the sealed one is shown beside.</summary>
public sealed class BenchResult(string name, string unit, Goal goal)
{
    public string Name { get; } = name;

    public string Unit { get; } = unit;

    public Goal Goal { get; } = goal;

    public SampleSet Ours { get; } = new();

    public SampleSet Sealed { get; } = new();

    public SampleSet Reference { get; } = new();

    /// <summary>What the reference was, with its setting.</summary>
    public string ReferenceName { get; set; } = "";

    /// <summary>Why it was not run; null when it was.</summary>
    public BenchException? Skipped { get; set; }

    public double Ratio => Ours.Value / Reference.Value;

    public bool IsMet => Goal.IsMetBy(Ratio);

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["name"] = Name, ["unit"] = Unit };
        if (Skipped is { } skipped)
        {
            json["skipped"] = skipped.Message;
            json["remedy"] = skipped.Remedy;
            return json;
        }

        json["n"] = Ours.Count;
        json["ours"] = Round(Ours.Value);
        json["oursP99"] = Round(Ours.P99);
        json["reference"] = Round(Reference.Value);
        json["referenceP99"] = Round(Reference.P99);
        json["referenceName"] = ReferenceName;
        json["ratio"] = Round(Ratio);
        json["goal"] = Goal.ToString();
        json["met"] = IsMet;
        json["cpuOurs"] = Round(Ours.CpuMicroseconds);
        json["cpuReference"] = Round(Reference.CpuMicroseconds);
        json["sealed"] = Sealed.Count == 0 ? null : new JsonObject
        {
            ["ours"] = Round(Sealed.Value),
            ["oursP99"] = Round(Sealed.P99),
            ["ratio"] = Round(Sealed.Value / Reference.Value),
            ["cpuOurs"] = Round(Sealed.CpuMicroseconds),
        };
        json["runs"] = new JsonObject { ["ours"] = Ours.ToJson(), ["reference"] = Reference.ToJson(), ["sealed"] = Sealed.ToJson() };
        return json;
    }

    private static double? Round(double? value) => value is { } number && double.IsFinite(number) ? Math.Round(number, 3) : null;
}
