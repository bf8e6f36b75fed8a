using System.Buffers.Binary;
using System.Numerics;
using ExpEther.Linux.Polling;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu.Slots;

/// <summary>
/// MSI-X as QEMU manages it: the guest's table is QEMU's, and each vector that is in use is an eventfd. The function has a table of its own
/// all the same, and it is filled here: each vector's message is a write of its number to <see cref="Address"/>, which comes back as an interrupt of
/// that number.
/// <para>
/// Theory: what an entry should hold follows from whether its vector has an event; which entries may differ from that is a bitmap, and
/// <see cref="Flush"/> writes them as there is room. A function forgets its table in a reset, also one that the guest makes by itself; it then sets
/// MSI-X up again, by a write of Message Control at the latest, and at each of those all entries in use are written again.
/// </para>
/// <para>
/// VFIO's users enable MSI-X by giving the first vector an event and disable it by taking the last one's (linux/vfio.h: VFIO_DEVICE_SET_IRQS), and need not
/// write Message Control; that is done here then. A DEVICE_RESET leaves it as it was.
/// </para>
/// </summary>
internal sealed class ManagedMsix
{
    /// <summary>The lowest address of the interrupt window of every PC (Intel SDM 3A §11.11.1).</summary>
    public const uint Address = 0xFEE0_0000;

    private const int EntryBytes = 16;
    private const uint Masked = 1;

    /// <summary>Of Message Control: MSI-X Enable is bit 15 of 16 (PCIe 5.0 §7.7.2.2).</summary>
    private const int ControlHighByte = 3;
    private const byte Enabled = 0x80;

    private readonly EventFd?[] _events = new EventFd?[QemuLimits.MsixVectorsMax];
    private readonly ulong[] _stale = new ulong[QemuLimits.MsixVectorsMax / 64];
    private int _vectors;
    private int _bar;
    private ulong _offset;
    private bool _hasStale;
    private int _control;
    private int _used;
    private bool _isControlStale;

    /// <summary>The function's table or control may differ from what they should be.</summary>
    public bool HasWork => _hasStale || _isControlStale;

    /// <summary>A vector has an event.</summary>
    public bool IsUsed => _used > 0;

    /// <summary>A client is there, to whom the function is described.</summary>
    public void Begin(GuestFunction function)
    {
        Clear();
        _vectors = Math.Min(function.MsixVectors, QemuLimits.MsixVectorsMax);
        _control = function.MsixOffset + ControlHighByte;
        (_bar, _offset) = (function.MsixTableBar, (ulong)function.MsixTableOffset);
    }

    /// <summary>The client is gone, and its events with it.</summary>
    public void Clear()
    {
        Array.Clear(_events);
        Array.Clear(_stale);
        (_vectors, _hasStale, _used, _isControlStale) = (0, false, 0, false);
    }

    /// <summary>A vector is in use by its event, or (null) no more.</summary>
    public void Use(int vector, EventFd? wake)
    {
        if ((uint)vector < (uint)_vectors)
        {
            var wasUsed = IsUsed;
            _used += (wake is null ? 0 : 1) - (_events[vector] is null ? 0 : 1);
            _events[vector] = wake;
            Touch(vector);
            _isControlStale |= wasUsed != IsUsed;
        }
    }

    /// <summary>The function has been reset, which leaves MSI-X enabled where it was.</summary>
    public void Enable() => _isControlStale |= IsUsed;

    /// <summary>The function may have forgotten its table.</summary>
    public void Renew()
    {
        for (var vector = 0; vector < _vectors; vector++)
        {
            if (_events[vector] is not null)
            {
                Touch(vector);
            }
        }
    }

    /// <summary>Writes the entries that may differ, as far as there is room; the function's BARs are reached.</summary>
    /// <returns>True when one was written.</returns>
    public bool Flush(GuestSlot slot)
    {
        var written = false;
        for (var word = 0; word < _stale.Length; word++)
        {
            while (_stale[word] != 0)
            {
                if (!TryWriteEntry(slot, (word * 64) + BitOperations.TrailingZeroCount(_stale[word])))
                {
                    return written;
                }

                _stale[word] &= _stale[word] - 1;
                written = true;
            }
        }

        _hasStale = false;
        if (_isControlStale && slot.TryWriteConfig(_control, [IsUsed ? Enabled : (byte)0], QemuSlot.PostedToken))
        {
            _isControlStale = false;
            written = true;
        }

        return written;
    }

    /// <summary>An interrupt of the function.</summary>
    /// <returns>False: of a vector that nobody listens to.</returns>
    public bool Raise(uint vector)
    {
        if (vector >= _vectors || _events[vector] is not { } wake)
        {
            return false;
        }

        wake.Set();
        return true;
    }

    /// <summary>
    /// By double words, for no other access to a table is defined but those and aligned pairs of them (PCIe 5.0 §7.7.2). Vector Control comes last.
    /// </summary>
    private bool TryWriteEntry(GuestSlot slot, int vector)
    {
        Span<uint> entry = [Address, 0, (uint)vector, _events[vector] is null ? Masked : 0];
        Span<byte> register = stackalloc byte[sizeof(uint)];
        for (var i = 0; i < entry.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(register, entry[i]);
            if (!slot.TryWriteMemory(_bar, _offset + (ulong)((vector * EntryBytes) + (i * sizeof(uint))), register))
            {
                return false;
            }
        }

        return true;
    }

    private void Touch(int vector)
    {
        _stale[vector / 64] |= 1UL << (vector % 64);
        _hasStale = true;
    }
}
