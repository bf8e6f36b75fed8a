namespace ExpEther.Bridge.Io.Changes;

/// <summary>Why a change cannot be made now.</summary>
/// <param name="Kind">"host" or "device".</param>
/// <param name="Name">Which.</param>
/// <param name="What">What stands in the way.</param>
/// <param name="Remedy">What to do first.</param>
public sealed record ChangeRefusal(string Kind, string Name, string What, string Remedy)
{
    public static ChangeRefusal OfHost(string name, string what, string remedy) => new("host", name, what, remedy);

    public static ChangeRefusal OfDevice(string name, string what, string remedy) => new("device", name, what, remedy);
}
