using System.Buffers.Binary;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link.Tests.Network;

/// <summary>Numbered posted TLPs, completions and control messages of random sizes, and the check that they arrived as they were sent.</summary>
public sealed class Traffic(LinkEnd from, ulong seed)
{
    private readonly SeededRandom _random = new(seed);
    private readonly List<(ushort Function, ulong Generation, byte[] Bytes)> _sent = [];
    private (ushort Function, ulong Generation, TlpClass Class, byte[] Bytes)? _next;

    /// <summary>Sends as much as the link takes, up to a total.</summary>
    public void Send(int total)
    {
        while (_sent.Count < total && from.Link.State == LinkState.Up)
        {
            var next = _next ??= Make();
            var taken = next.Function == 0xFFFF
                ? from.Link.TrySendControl(next.Bytes)
                : from.Link.TrySendTlp(next.Function, next.Generation, next.Class, next.Bytes);
            if (!taken)
            {
                return;
            }

            _sent.Add((next.Function, next.Generation, next.Bytes));
            _next = null;
        }
    }

    public void AssertIsWhatArrived(RecordingConsumer at, string what)
    {
        Assert.False(at.WasCalledWhileDown, what);
        Assert.True(at.Delivered.Count <= _sent.Count, $"{what}: {at.Delivered.Count} arrived of {_sent.Count}");
        for (var i = 0; i < at.Delivered.Count; i++)
        {
            Assert.True(
                _sent[i].Function == at.Delivered[i].Function && _sent[i].Generation == at.Delivered[i].Generation
                && _sent[i].Bytes.AsSpan().SequenceEqual(at.Delivered[i].Bytes),
                $"{what}: number {i} is not what was sent");
        }
    }

    private (ushort Function, ulong Generation, TlpClass Class, byte[] Bytes) Make()
    {
        var kind = _random.Next(10);
        if (kind == 0)
        {
            var message = new byte[4 + _random.Next(LinkLimits.ControlBytesMax - 3)];
            _random.Fill(message);
            BinaryPrimitives.WriteInt32LittleEndian(message, _sent.Count);
            return (0xFFFF, 0, TlpClass.Posted, message);
        }

        var max = from.Link.MaxPayloadBytes + LinkLimits.TlpOverheadBytesMax;
        var bytes = new byte[12 + (_random.Chance(0.3) ? _random.Next(max - 11) : _random.Next(60))];
        _random.Fill(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, _sent.Count);
        return ((ushort)_random.Next(8), _random.NextUInt64(), kind < 6 ? TlpClass.Posted : TlpClass.Completion, bytes);
    }
}
