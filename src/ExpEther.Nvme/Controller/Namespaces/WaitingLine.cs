namespace ExpEther.Nvme.Controller.Namespaces;

/// <summary>How many commands of all controllers wait until a backend has room: while there are any, nobody goes past them.</summary>
internal sealed class WaitingLine
{
    public int Count { get; set; }
}
