namespace ExpEther.RootComplex.Functions.Sharing;

/// <summary>How the start of a physical function's driver ended.</summary>
/// <param name="Function">Null: it did not start.</param>
/// <param name="Failure">Why not, in words; empty on success.</param>
public readonly record struct PhysicalFunctionStart(IPhysicalFunction? Function, string Failure)
{
    public static PhysicalFunctionStart Failed(string why) => new(null, why);
}
