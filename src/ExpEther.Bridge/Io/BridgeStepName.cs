namespace ExpEther.Bridge.Io;

/// <summary>The steps of attach, detach and move, in the order in which they can come.</summary>
public static class BridgeStepName
{
    public const string Started = "started";

    /// <summary>The attention button of the old host's slot was pressed.</summary>
    public const string AttentionPressed = "attentionPressed";

    /// <summary>The old host let go and powered the slot off.</summary>
    public const string PoweredOff = "poweredOff";

    /// <summary>The function was taken from a host that had not let go.</summary>
    public const string Fenced = "fenced";

    /// <summary>Bus mastering is off and no request of the old owner is outstanding.</summary>
    public const string Drained = "drained";

    /// <summary>Function level reset is done.</summary>
    public const string Reset = "reset";

    /// <summary>The new ownership and generation would survive a power failure.</summary>
    public const string Recorded = "recorded";

    /// <summary>The new host was told.</summary>
    public const string Presented = "presented";

    /// <summary>The new host's monitor was asked to take the function and has not answered yet; it is waited for.</summary>
    public const string Awaited = "awaited";

    /// <summary>The new host gave the function a bus number.</summary>
    public const string Plugged = "plugged";

    /// <summary>The function is in its slot and waits there: the new host is a virtual machine that is not there.</summary>
    public const string Waiting = "waiting";

    public const string Done = "done";
}
