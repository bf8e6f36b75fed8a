namespace ExpEther.Bridge.Io.Functions;

/// <summary>What an owner's host bridge last said about a presented function.</summary>
internal enum HostAnswer
{
    None,
    Plugged,
    PoweredOff,
    Refused,
}
