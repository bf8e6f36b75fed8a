namespace ExpEther.Bridge.Io.Functions;

/// <summary>What an owner's host bridge last said about a presented function.</summary>
internal enum HostAnswer
{
    None,
    Plugged,

    /// <summary>It is in a slot and waits there for a host that is not there.</summary>
    Waiting,
    PoweredOff,
    Refused,
}
