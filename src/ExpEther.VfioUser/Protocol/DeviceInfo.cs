using System.Runtime.InteropServices;
using ExpEther.Linux;

namespace ExpEther.VfioUser.Protocol;

/// <summary>
/// DEVICE_GET_INFO's payload, both ways (linux/vfio.h: struct vfio_device_info). A request may have room behind it, for later versions' fields.
/// </summary>
/// <param name="ArgumentBytes">Asked: room for the reply. Answered: its size.</param>
/// <param name="Flags">Bit 0: can be reset. Bit 1: a PCI device.</param>
/// <param name="Regions">How many are numbered.</param>
/// <param name="InterruptKinds">How many are numbered.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct DeviceInfo(uint ArgumentBytes, uint Flags, uint Regions, uint InterruptKinds)
{
    public const int Size = 16;

    private const uint CanReset = 1;
    private const uint IsPci = 2;

    public static DeviceInfo Answer =>
        new(Size, CanReset | IsPci, VfioUserLimits.RegionsMax, VfioUserLimits.InterruptKindsMax);

    public static Errno TryParse(ReadOnlySpan<byte> payload, out DeviceInfo info)
    {
        info = default;
        return MemoryMarshal.TryRead(payload, out info) && info.ArgumentBytes >= Size ? Errno.None : Errno.EINVAL;
    }

    public void WriteTo(Span<byte> into) => MemoryMarshal.Write(into, in this);
}
