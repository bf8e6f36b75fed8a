using System.Runtime.InteropServices;
using ExpEther.Linux;

namespace ExpEther.VfioUser.Protocol;

/// <summary>DEVICE_GET_IRQ_INFO's payload, both ways (linux/vfio.h: struct vfio_irq_info). A request may have room behind it.</summary>
/// <param name="ArgumentBytes">Asked: room for the reply. Answered: its size.</param>
/// <param name="Flags">Bit 0: by eventfd. Bit 1: can be masked. Bit 2: masks itself. Bit 3: set up as a whole.</param>
/// <param name="Index">Which kind.</param>
/// <param name="Count">How many.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct InterruptInfo(uint ArgumentBytes, uint Flags, uint Index, uint Count)
{
    public const int Size = 16;

    /// <summary>VFIO_PCI_INTX_IRQ_INDEX.</summary>
    public const uint Intx = 0;

    private const uint Msi = 1;
    private const uint Msix = 2;
    private const uint ByEvent = 1;
    private const uint Maskable = 2;
    private const uint AutoMasked = 4;
    private const uint NoResize = 8;

    public static Errno TryParse(ReadOnlySpan<byte> payload, out InterruptInfo info)
    {
        info = default;
        return MemoryMarshal.TryRead(payload, out info)
            && info is { ArgumentBytes: >= Size, Index: < VfioUserLimits.InterruptKindsMax }
            ? Errno.None
            : Errno.EINVAL;
    }

    public static InterruptInfo Answer(uint index, int count)
    {
        // As the kernel describes the kinds of a real device (linux/vfio.h, "VFIO_DEVICE_GET_IRQ_INFO").
        var flags = (count, index) switch
        {
            (0, _) => 0u,
            (_, Intx) => ByEvent | Maskable | AutoMasked,
            (_, Msi or Msix) => ByEvent | NoResize,
            _ => ByEvent,
        };
        return new InterruptInfo(Size, flags, index, (uint)count);
    }

    public void WriteTo(Span<byte> into) => MemoryMarshal.Write(into, in this);
}
