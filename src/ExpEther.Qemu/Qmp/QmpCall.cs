namespace ExpEther.Qemu.Qmp;

/// <summary>A command that waits for its end.</summary>
internal sealed class QmpCall
{
    public QmpReply? Reply { get; set; }
}
