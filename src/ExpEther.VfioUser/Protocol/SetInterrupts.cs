using System.Numerics;
using System.Runtime.InteropServices;
using ExpEther.Linux;

namespace ExpEther.VfioUser.Protocol;

/// <summary>DEVICE_SET_IRQS's payload (linux/vfio.h: struct vfio_irq_set), without the booleans behind it.</summary>
/// <param name="ArgumentBytes">Of the payload.</param>
/// <param name="Flags">What to do.</param>
/// <param name="Index">To which kind of interrupt.</param>
/// <param name="Start">First vector.</param>
/// <param name="Count">How many; 0 with <see cref="SetInterruptsFlags.DataNone"/>: all of the kind are given up.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct SetInterrupts(uint ArgumentBytes, SetInterruptsFlags Flags, uint Index, uint Start, uint Count)
{
    public const int Size = 20;

    public SetInterruptsFlags Data => Flags & SetInterruptsFlags.DataMask;

    public SetInterruptsFlags Action => Flags & SetInterruptsFlags.ActionsMask;

    /// <summary>Gives up all vectors of the kind.</summary>
    public bool IsDisable => Count == 0;

    /// <returns>None, or what to refuse it with. Vectors are not yet compared with what the device has.</returns>
    public static Errno TryParse(ReadOnlySpan<byte> payload, out SetInterrupts set, out ReadOnlySpan<byte> booleans)
    {
        booleans = default;
        if (!MemoryMarshal.TryRead(payload, out set))
        {
            return Errno.EINVAL;
        }

        var data = payload[Size..];
        var hasOneOfEach = BitOperations.IsPow2((uint)set.Data) && BitOperations.IsPow2((uint)set.Action)
            && (set.Flags & ~(SetInterruptsFlags.DataMask | SetInterruptsFlags.ActionsMask)) == 0;
        var dataBytes = set.Data == SetInterruptsFlags.DataBool ? set.Count : 0;
        var isWhole = set.ArgumentBytes >= Size && data.Length >= dataBytes;
        booleans = isWhole ? data[..(int)dataBytes] : default;
        var isDisable = set is { Start: 0, Data: SetInterruptsFlags.DataNone, Action: SetInterruptsFlags.ActionTrigger };
        return hasOneOfEach && isWhole && set.Index < VfioUserLimits.InterruptKindsMax && (set.Count > 0 || isDisable) ? Errno.None : Errno.EINVAL;
    }
}
