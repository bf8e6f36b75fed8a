using ExpEther.Ethernet.Frames;
using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Switch;

/// <summary>A port of a <see cref="MemorySwitch"/>, seen from the cable: what is sent goes into the switch, what it passes on comes out.</summary>
public sealed class MemoryPort : IFramePort
{
    private readonly MemorySwitch _fabric;
    private readonly ushort _etherType;
    private bool _isHeld;

    internal MemoryPort(MemorySwitch fabric, int number, string name, int mtuBytes, ushort etherType)
    {
        _fabric = fabric;
        _etherType = etherType;
        Number = number;
        Name = name;
        MtuBytes = mtuBytes;
    }

    public string Name { get; }

    /// <summary>The port's number in <see cref="MemorySwitch.Switch"/>.</summary>
    public int Number { get; }

    public int MtuBytes { get; }

    /// <inheritdoc/>
    public bool TryReceive(out ReceivedFrame frame)
    {
        Check.That(!_isHeld);
        while (_fabric.Switch.TryTake(Number, _fabric.Now, out var bytes))
        {
            if (EthernetHeader.TryParse(bytes, out var header) && header.EtherType == _etherType)
            {
                frame = new ReceivedFrame(header.Destination, header.Source, header.Vlan, bytes[header.Bytes..]);
                _isHeld = true;
                return true;
            }

            _fabric.Switch.Release(Number);
        }

        frame = default;
        return false;
    }

    /// <inheritdoc/>
    public void Release()
    {
        Check.That(_isHeld);
        _isHeld = false;
        _fabric.Switch.Release(Number);
    }

    /// <inheritdoc/>
    public bool TrySend(ReadOnlySpan<byte> frame)
    {
        _fabric.Tap?.Invoke(Name, frame);
        _fabric.Switch.OnFrame(Number, frame, _fabric.Now);
        return true;
    }
}
