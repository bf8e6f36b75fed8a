using System.Buffers.Binary;

namespace ExpEther.Pcie.Config;

/// <summary>
/// A function's configuration space: bytes, and for every bit what software may do to it (PCIe 5.0 §7.4): read only (the default),
/// RW, or RW1C; sticky bits survive a function-level reset. The owning device sets any bit by the Set methods.
/// Registers are little-endian; a DW's bits 7:0 are its lowest byte.
/// </summary>
public sealed class ConfigSpace
{
    private readonly byte[] _bytes;
    private readonly byte[] _defaults;
    private readonly byte[] _writable;
    private readonly byte[] _writeOneToClear;
    private readonly byte[] _sticky;
    private int _capabilityEnd = ConfigLimits.CapabilityStart;
    private int _lastCapability;
    private int _extendedEnd = ConfigLimits.ExtendedCapabilityStart;
    private int _lastExtended;

    /// <param name="bytes">256 or 4096.</param>
    public ConfigSpace(int bytes = ConfigLimits.SpaceBytes)
    {
        Check.That(bytes is ConfigLimits.ConventionalSpaceBytes or ConfigLimits.SpaceBytes);
        _bytes = new byte[bytes];
        _defaults = new byte[bytes];
        _writable = new byte[bytes];
        _writeOneToClear = new byte[bytes];
        _sticky = new byte[bytes];
    }

    public int Bytes => _bytes.Length;

    /// <summary>The DW at <paramref name="register"/>, as software reads it; 0 past the end (§7.2.1: unimplemented registers are 0).</summary>
    public uint Read(int register)
    {
        Check.That((register & ~0xFFC) == 0);
        return register < _bytes.Length ? Get32(register) : 0;
    }

    /// <summary>Software's write: RW bits take the value, RW1C bits written as 1 become 0, all others stay.</summary>
    /// <param name="register">Byte offset, DW aligned, 0 to 4092.</param>
    /// <param name="value">The new value.</param>
    /// <param name="enables">Which of the four bytes are written, bits 3:0.</param>
    public ConfigChange Write(int register, uint value, int enables = 0xF)
    {
        Check.That((register & ~0xFFC) == 0);
        var enabled = EnabledBits(enables);
        if (register >= _bytes.Length)
        {
            return new ConfigChange(register, 0, 0, value & enabled);
        }

        var before = Get32(register);
        var writable = Load(_writable, register) & enabled;
        var clear = Load(_writeOneToClear, register) & enabled & value;
        var after = ((before & ~writable) | (value & writable)) & ~clear;
        Set32(register, after);
        return new ConfigChange(register, before, after, value & enabled);
    }

    public byte Get8(int offset) => _bytes[offset];

    public ushort Get16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset));

    public uint Get32(int offset) => Load(_bytes, offset);

    public void Set8(int offset, byte value) => _bytes[offset] = value;

    public void Set16(int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(offset), value);

    public void Set32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(offset), value);

    /// <summary>Sets bits of a 16-bit register from the device's side.</summary>
    public void SetBits16(int offset, ushort mask) => Set16(offset, (ushort)(Get16(offset) | mask));

    /// <summary>Clears bits of a 16-bit register from the device's side.</summary>
    public void ClearBits16(int offset, ushort mask) => Set16(offset, (ushort)(Get16(offset) & ~mask));

    public void DefineRw8(int offset, byte mask) => _writable[offset] |= mask;

    public void DefineRw16(int offset, ushort mask) => Or(_writable, offset, mask, 2);

    public void DefineRw32(int offset, uint mask) => Or(_writable, offset, mask, 4);

    /// <summary>Replaces which bits of a DW are RW: of a register whose width follows from another one, as a VF BAR's does.</summary>
    public void SetRw32(int offset, uint mask) => BinaryPrimitives.WriteUInt32LittleEndian(_writable.AsSpan(offset), mask);

    public void DefineRw1c16(int offset, ushort mask) => Or(_writeOneToClear, offset, mask, 2);

    public void DefineRw1c32(int offset, uint mask) => Or(_writeOneToClear, offset, mask, 4);

    /// <summary>Bits that a function-level reset leaves alone (RWS, RW1CS, ROS and the registers that §6.6.2 excepts).</summary>
    public void DefineSticky16(int offset, ushort mask) => Or(_sticky, offset, mask, 2);

    /// <inheritdoc cref="DefineSticky16"/>
    public void DefineSticky32(int offset, uint mask) => Or(_sticky, offset, mask, 4);

    /// <summary>Makes the present content what <see cref="Reset"/> goes back to. Called once, when the space is laid out.</summary>
    public void KeepAsDefaults() => _bytes.CopyTo(_defaults, 0);

    /// <summary>Sets a 16-bit register from the device's side, and what <see cref="Reset"/> gives it.</summary>
    public void SetWithDefault16(int offset, ushort value)
    {
        Set16(offset, value);
        BinaryPrimitives.WriteUInt16LittleEndian(_defaults.AsSpan(offset), value);
    }

    /// <summary>Back to the defaults: all of it, or all but sticky bits (a function-level reset).</summary>
    public void Reset(bool keepSticky = false)
    {
        for (var i = 0; i < _bytes.Length; i++)
        {
            var keep = keepSticky ? _sticky[i] : 0;
            _bytes[i] = (byte)((_defaults[i] & ~keep) | (_bytes[i] & keep));
        }
    }

    /// <summary>Places a capability after the last one, links it into the chain, and turns on Status bit 4, Capabilities List.</summary>
    /// <param name="id">Its ID, written into its first byte.</param>
    /// <param name="bytes">Its length with the two header bytes.</param>
    /// <returns>Its offset.</returns>
    public int AddCapability(CapabilityId id, int bytes)
    {
        var offset = _capabilityEnd;
        Check.That(bytes >= 2 && offset + bytes <= ConfigLimits.ConventionalSpaceBytes);
        Set8(offset, (byte)id);
        Set8(_lastCapability == 0 ? ConfigRegister.CapabilitiesPointer : _lastCapability + 1, (byte)offset);
        SetBits16(ConfigRegister.Status, ConfigRegister.StatusCapabilitiesList);
        _lastCapability = offset;
        _capabilityEnd = (offset + bytes + 3) & ~3;
        return offset;
    }

    /// <summary>Places an extended capability after the last one and links it into the chain that starts at 100h.</summary>
    /// <param name="id">Its ID.</param>
    /// <param name="version">Its version, 1 to 15.</param>
    /// <param name="bytes">Its length with the four header bytes.</param>
    /// <returns>Its offset.</returns>
    public int AddExtendedCapability(ExtendedCapabilityId id, int version, int bytes)
    {
        var offset = _extendedEnd;
        Check.That(bytes >= 4 && version is > 0 and < 16 && offset + bytes <= _bytes.Length);
        Set32(offset, (uint)id | ((uint)version << 16));
        if (_lastExtended != 0)
        {
            Set32(_lastExtended, (Get32(_lastExtended) & 0xFFFFF) | ((uint)offset << 20));
        }

        _lastExtended = offset;
        _extendedEnd = (offset + bytes + 3) & ~3;
        return offset;
    }

    /// <summary>Offset of a capability; 0 when there is none.</summary>
    public int FindCapability(CapabilityId id) => CapabilityWalk.Find(Read, id);

    /// <summary>Offset of an extended capability; 0 when there is none.</summary>
    public int FindExtendedCapability(ExtendedCapabilityId id) => _bytes.Length > ConfigLimits.ConventionalSpaceBytes ? CapabilityWalk.Find(Read, id) : 0;

    private static uint EnabledBits(int enables) =>
        ((enables & 1) != 0 ? 0xFFU : 0) | ((enables & 2) != 0 ? 0xFF00U : 0) | ((enables & 4) != 0 ? 0xFF0000U : 0) | ((enables & 8) != 0 ? 0xFF000000U : 0);

    private static uint Load(byte[] from, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(from.AsSpan(offset));

    private static void Or(byte[] masks, int offset, uint mask, int bytes)
    {
        for (var i = 0; i < bytes; i++)
        {
            masks[offset + i] |= (byte)(mask >> (8 * i));
        }
    }
}
