using System.Text;

namespace ExpEther.Nvme.Controller.Logs;

/// <summary>The Firmware Slot Information log, 512 bytes (NVMe 1.4 §5.14.1.3): one slot, which cannot be written.</summary>
internal static class FirmwareLog
{
    public const int Bytes = 512;

    /// <summary>FRMW of Identify Controller: slot 1 is read only, and the only one.</summary>
    public const byte OneReadOnlySlot = 0b0000_0011;

    private const int RevisionOffset = 8;
    private const int RevisionBytes = 8;

    public static void Write(Span<byte> into, string revision)
    {
        into[0] = 1;
        into.Slice(RevisionOffset, RevisionBytes).Fill((byte)' ');
        Encoding.ASCII.GetBytes(revision.AsSpan(0, Math.Min(RevisionBytes, revision.Length)), into[RevisionOffset..]);
    }
}
