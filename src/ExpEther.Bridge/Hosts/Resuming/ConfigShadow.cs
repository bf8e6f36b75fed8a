using System.Buffers.Binary;
using ExpEther.Bridge.Protocol;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts.Resuming;

/// <summary>
/// What the host has written into a function's configuration space and MSI-X table, byte by byte, the last value of each: enough to make
/// a function that was reset what its host believes it to be. It is learned from the requests that pass; nothing is read.
/// <para>
/// Theory of giving back: first every register but those below, in order of their offsets. Then Command without Bus Master Enable, so that the
/// MSI-X table can be written, and the table. Then MSI-X control, so that nothing is sent unmasked too early, then Command as it was, and
/// last the power state, because a function in D3hot decodes nothing. A function level reset is never given back: it makes all this undone.
/// </para>
/// </summary>
internal sealed class ConfigShadow
{
    private const int Registers = ConfigLimits.SpaceBytes / 4;
    private const int EntryBytes = 16;
    private const int LowHalf = 0b0011;
    private const int HighHalf = 0b1100;
    private const int PowerState = 4;
    private const int VectorControl = 3;

    private readonly ResumeOffer _form;
    private readonly uint[] _values = new uint[Registers];
    private readonly byte[] _written = new byte[Registers];
    private readonly uint[] _table;
    private readonly byte[] _tableWritten;

    public ConfigShadow(in ResumeOffer form)
    {
        _form = form;
        _table = new uint[form.MsixVectors * EntryBytes / 4];
        _tableWritten = new byte[_table.Length];
        Clear();
    }

    /// <summary>The steps of giving back: one for each register, each DW of the table, and the four that have their own place.</summary>
    private int LastStep => Registers + 1 + _table.Length + 3;

    public bool BusMasterEnable => (_values[ConfigRegister.Command / 4] & ConfigRegister.CommandBusMasterEnable) != 0;

    /// <summary>A configuration write of the host.</summary>
    public void OnConfigWrite(in TlpView write)
    {
        var register = write.ConfigRegister;
        var (value, enables) = (write.ConfigValue, write.FirstByteEnables);
        if (_form.PcieCapability != 0 && register == _form.PcieCapability + PcieRegister.DeviceControl)
        {
            if ((value & Mask(enables) & PcieRegister.DeviceControlInitiateFlr) != 0)
            {
                Clear();
                return;
            }

            // Device Status above it is cleared by ones.
            enables &= LowHalf;
        }

        if (register == ConfigRegister.Command)
        {
            enables &= LowHalf;
        }

        Note(_values, _written, register / 4, value, enables);
    }

    /// <summary>A posted memory write of the host to the function.</summary>
    public void OnMemoryWrite(in TlpView write)
    {
        if (_table.Length == 0 || write.Kind != TlpKind.MemoryWrite || TableAt() is not { } table
            || write.Address < table || write.Address >= table + ((ulong)_table.Length * 4))
        {
            return;
        }

        var first = (int)((write.Address - table) / 4);
        for (var i = 0; i < write.LengthDw && first + i < _table.Length; i++)
        {
            var enables = i == 0 ? write.FirstByteEnables : i == write.LengthDw - 1 ? write.LastByteEnables : 0xF;
            Note(_table, _tableWritten, first + i, BinaryPrimitives.ReadUInt32LittleEndian(write.Payload[(i * 4)..]), enables);
        }
    }

    /// <summary>The next write that gives back what was written.</summary>
    /// <param name="step">Where to go on; 0 at first.</param>
    /// <param name="write">What to write.</param>
    /// <returns>False: all is given back.</returns>
    public bool TryNext(ref int step, out ShadowWrite write)
    {
        while (step <= LastStep)
        {
            if (At(step++) is { Enables: not 0 } found)
            {
                write = found;
                return true;
            }
        }

        write = default;
        return false;
    }

    /// <summary>As after a reset: vectors are masked (PCIe 5.0 §7.7.2.8).</summary>
    private void Clear()
    {
        Array.Clear(_written);
        Array.Clear(_values);
        Array.Clear(_tableWritten);
        for (var i = 0; i < _table.Length; i++)
        {
            _table[i] = i % (EntryBytes / 4) == VectorControl ? 1u : 0;
        }
    }

    private ShadowWrite At(int step)
    {
        if (step < Registers)
        {
            var isLater = step == ConfigRegister.Command / 4 || (_form.MsixCapability != 0 && step == _form.MsixCapability / 4)
                || (_form.PowerCapability != 0 && step == (_form.PowerCapability + PowerState) / 4);
            return isLater ? default : Register(step, uint.MaxValue, 0xF);
        }

        return (step - Registers) switch
        {
            0 => Register(ConfigRegister.Command / 4, ~(uint)ConfigRegister.CommandBusMasterEnable, LowHalf),
            var at when at <= _table.Length => new ShadowWrite(
                IsConfig: false, TableAt() is { } table ? table + ((ulong)(at - 1) * 4) : 0, _table[at - 1],
                TableAt() is null ? 0 : _tableWritten[at - 1]),
            var at when at == _table.Length + 1 => _form.MsixCapability == 0 ? default : Register(_form.MsixCapability / 4, uint.MaxValue, HighHalf),
            var at when at == _table.Length + 2 => Register(ConfigRegister.Command / 4, uint.MaxValue, LowHalf),
            _ => _form.PowerCapability == 0 ? default : Register((_form.PowerCapability + PowerState) / 4, uint.MaxValue, LowHalf),
        };
    }

    private ShadowWrite Register(int index, uint mask, int enables) =>
        new(IsConfig: true, (ulong)index * 4, _values[index] & mask, _written[index] & enables);

    /// <summary>Mem_H of the MSI-X table; null: its BAR has no address, or is not decoded.</summary>
    private ulong? TableAt()
    {
        var bar = (ConfigRegister.Bar0 / 4) + _form.MsixBar;
        if (_written[bar] != 0xF || (_values[ConfigRegister.Command / 4] & ConfigRegister.CommandMemorySpaceEnable) == 0)
        {
            return null;
        }

        var low = (ulong)(_values[bar] & ~0xFU);
        var at = _form.IsMsixBar64 ? low | ((ulong)_values[bar + 1] << 32) : low;
        return at > ulong.MaxValue - _form.MsixTable - (ulong)(_table.Length * 4) ? null : at + _form.MsixTable;
    }

    private static void Note(uint[] values, byte[] written, int index, uint value, int enables)
    {
        var mask = Mask(enables);
        values[index] = (values[index] & ~mask) | (value & mask);
        written[index] |= (byte)enables;
    }

    private static uint Mask(int enables)
    {
        uint mask = 0;
        for (var i = 0; i < 4; i++)
        {
            mask |= (enables & (1 << i)) != 0 ? 0xFFU << (8 * i) : 0;
        }

        return mask;
    }
}
