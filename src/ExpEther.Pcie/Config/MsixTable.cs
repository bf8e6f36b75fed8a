using System.Buffers.Binary;
using System.Numerics;

namespace ExpEther.Pcie.Config;

/// <summary>
/// The MSI-X table and pending bits as memory in a BAR (PCIe 5.0 §7.7.2, §6.1.4).
/// <para>
/// Theory: a vector that is raised while it, or the whole function, is masked sets its pending bit; as soon as neither mask holds, the
/// message is sent once and the bit clears, however often the vector was raised in between (§6.1.4.5). The masks live in the table
/// (vector control bit 0, set at reset) and in the function's MSI-X control, which this reads from its configuration space.
/// </para>
/// </summary>
public sealed class MsixTable
{
    private const int EntryBytes = 16;
    private const int DataOffset = 8;
    private const int ControlOffset = 12;
    private const byte VectorMasked = 1;

    private readonly EndpointConfig _config;
    private readonly byte[] _table;
    private readonly ulong[] _pending;
    private int _pendingCount;

    /// <param name="config">Of the function whose table this is; it has an MSI-X capability.</param>
    public MsixTable(EndpointConfig config)
    {
        Check.That(config.MsixVectors > 0);
        _config = config;
        _table = new byte[config.MsixVectors * EntryBytes];
        _pending = new ulong[(config.MsixVectors + 63) / 64];
        Reset();
    }

    public int Vectors => _config.MsixVectors;

    /// <summary>16 bytes per vector.</summary>
    public int TableBytes => _table.Length;

    /// <summary>8 bytes per 64 vectors.</summary>
    public int PbaBytes => _pending.Length * 8;

    /// <param name="offset">From the table's start, DW aligned, below <see cref="TableBytes"/>.</param>
    public uint ReadTable(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_table.AsSpan(offset & ~3));

    /// <param name="offset">From the table's start, DW aligned, below <see cref="TableBytes"/>.</param>
    /// <param name="value">Little-endian.</param>
    /// <param name="enables">Which of the four bytes are written, bits 3:0.</param>
    public void WriteTable(int offset, uint value, int enables = 0xF)
    {
        var entry = _table.AsSpan(offset & ~3, 4);
        for (var i = 0; i < 4; i++)
        {
            if ((enables & (1 << i)) != 0)
            {
                entry[i] = (byte)(value >> (8 * i));
            }
        }

        switch (offset & (EntryBytes - 1) & ~3)
        {
            case 0:
                // Message Address is DW aligned (§7.7.2.5).
                entry[0] &= 0xFC;
                break;
            case ControlOffset:
                entry[0] &= VectorMasked;
                entry[1..].Clear();
                break;
        }
    }

    /// <param name="offset">From the PBA's start, DW aligned, below <see cref="PbaBytes"/>. Writes to it have no effect.</param>
    public uint ReadPba(int offset) => (uint)(_pending[offset >> 3] >> ((offset & 4) * 8));

    /// <summary>Raises a vector: says whether to send the memory write of <paramref name="data"/> to <paramref name="address"/> now.</summary>
    /// <param name="vector">Below <see cref="Vectors"/>.</param>
    /// <param name="address">As software set it.</param>
    /// <param name="data">As software set it.</param>
    public MsixOutcome TryRaise(int vector, out ulong address, out uint data)
    {
        Check.That((uint)vector < (uint)Vectors);
        address = 0;
        data = 0;
        if (!_config.MsixEnabled)
        {
            return MsixOutcome.Disabled;
        }

        if (_config.MsixFunctionMask || IsMasked(vector))
        {
            ref var word = ref _pending[vector >> 6];
            var bit = 1UL << (vector & 63);
            _pendingCount += (word & bit) == 0 ? 1 : 0;
            word |= bit;
            return MsixOutcome.Pending;
        }

        Load(vector, out address, out data);
        return MsixOutcome.Deliver;
    }

    /// <summary>The next pending message that neither mask holds back any more. Call until false after an unmask; cheap when none is pending.</summary>
    public bool TryTakePending(out ulong address, out uint data)
    {
        address = 0;
        data = 0;
        if (_pendingCount == 0 || !_config.MsixEnabled || _config.MsixFunctionMask)
        {
            return false;
        }

        for (var i = 0; i < _pending.Length; i++)
        {
            for (var left = _pending[i]; left != 0; left &= left - 1)
            {
                var vector = (i * 64) + BitOperations.TrailingZeroCount(left);
                if (!IsMasked(vector))
                {
                    _pending[i] &= ~(1UL << (vector & 63));
                    _pendingCount--;
                    Load(vector, out address, out data);
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Takes back a pending message whose cause is gone before it was sent (§6.1.4.5).</summary>
    public void ClearPending(int vector)
    {
        ref var word = ref _pending[vector >> 6];
        var bit = 1UL << (vector & 63);
        _pendingCount -= (word & bit) != 0 ? 1 : 0;
        word &= ~bit;
    }

    /// <summary>All vectors zero and masked, nothing pending.</summary>
    public void Reset()
    {
        Array.Clear(_table);
        Array.Clear(_pending);
        _pendingCount = 0;
        // Those too that are not shown now: they may be later.
        for (var vector = 0; vector < _table.Length / EntryBytes; vector++)
        {
            _table[(vector * EntryBytes) + ControlOffset] = VectorMasked;
        }
    }

    private bool IsMasked(int vector) => (_table[(vector * EntryBytes) + ControlOffset] & VectorMasked) != 0;

    private void Load(int vector, out ulong address, out uint data)
    {
        var entry = _table.AsSpan(vector * EntryBytes, EntryBytes);
        address = BinaryPrimitives.ReadUInt64LittleEndian(entry);
        data = BinaryPrimitives.ReadUInt32LittleEndian(entry[DataOffset..]);
    }
}
