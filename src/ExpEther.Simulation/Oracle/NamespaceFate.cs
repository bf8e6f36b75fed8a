namespace ExpEther.Simulation.Oracle;

/// <summary>Whether a namespace is still there.</summary>
internal enum NamespaceFate
{
    Lives,

    /// <summary>Its deletion is under way; nobody sends it anything new.</summary>
    Doomed,

    /// <summary>It was deleted.</summary>
    Gone,
}
