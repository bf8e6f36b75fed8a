namespace ExpEther.RootComplex.Functions.Sharing;

/// <summary>Why a namespace was not changed.</summary>
public enum NamespaceFailure
{
    None,

    /// <summary>The device cannot do it at all.</summary>
    NotSupported,

    /// <summary>No capacity, or no identifier, is left.</summary>
    NotEnough,

    NoSuchNamespace,

    /// <summary>It is private and attached elsewhere, or cannot be changed as it is.</summary>
    InUse,

    /// <summary>The device did not answer, or answered something else.</summary>
    Failed,
}
