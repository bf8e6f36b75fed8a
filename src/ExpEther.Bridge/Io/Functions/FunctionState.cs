namespace ExpEther.Bridge.Io.Functions;

/// <summary>Where a function is in its life. Only <see cref="Presented"/> and <see cref="Releasing"/> let TLPs through.</summary>
public enum FunctionState
{
    /// <summary>Not enumerated yet, or the device does not answer.</summary>
    Failed,

    /// <summary>Quiet: nobody owns it, or its owner's link is down.</summary>
    Idle,

    /// <summary>Being reset and recorded for its owner.</summary>
    Assigning,

    /// <summary>In the owner's hands.</summary>
    Presented,

    /// <summary>The owner was asked to let go.</summary>
    Releasing,

    /// <summary>Cut off from its owner; being quieted.</summary>
    Fenced,
}
