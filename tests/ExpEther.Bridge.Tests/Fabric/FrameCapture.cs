using System.Buffers.Binary;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Wire;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>
/// Keeps the frames that ports sent into the switch and reads the TLPs out of unsealed ones, as docs/wire-format.md lays them out. A
/// TLP that was sent again counts once.
/// </summary>
internal sealed class FrameCapture
{
    private const int TagOffset = 14;
    private const int PayloadOffset = 18;
    private const int ChecksumBytes = 4;

    private readonly HashSet<(MacAddress, MacAddress, VlanId, uint, ulong)> _seen = [];

    /// <summary>Whole tagged Ethernet frames and the port they came in by.</summary>
    public List<(string Port, byte[] Frame)> Frames { get; } = [];

    public List<CapturedTlp> Tlps { get; } = [];

    public bool IsOn { get; set; }

    public void OnFrame(string port, ReadOnlySpan<byte> frame)
    {
        if (!IsOn)
        {
            return;
        }

        Frames.Add((port, frame.ToArray()));
        if (FrameHeader.TryParse(frame[PayloadOffset..], out var header) == FrameError.None && header is { Type: FrameType.Data }
            && !header.Flags.HasFlag(FrameFlags.Sealed))
        {
            ReadTlps(frame, header);
        }
    }

    public void Clear()
    {
        Frames.Clear();
        Tlps.Clear();
    }

    private void ReadTlps(ReadOnlySpan<byte> frame, in FrameHeader header)
    {
        var destination = MacAddress.Read(frame);
        var source = MacAddress.Read(frame[MacAddress.Bytes..]);
        var vlan = new VlanId((ushort)(BinaryPrimitives.ReadUInt16BigEndian(frame[TagOffset..]) & 0xFFF));
        var records = frame.Slice(PayloadOffset + FrameLayout.Bytes, header.Length - FrameLayout.Bytes - ChecksumBytes);
        var sequence = header.RecordSequence;
        while (records.Length > 0 && RecordView.TryRead(ref records, out var record))
        {
            if (!record.IsSequenced)
            {
                continue;
            }

            if (record.Kind == RecordKind.Tlp && _seen.Add((source, destination, vlan, header.Epoch, sequence)))
            {
                Tlps.Add(new CapturedTlp(source, destination, vlan, record.Function, record.Generation, record.Tlp.ToArray()));
            }

            sequence++;
        }
    }
}
