using System.Buffers.Binary;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Traffic;

/// <summary>The I/O bridge's column of the table: which IDs and addresses each row's TLP has after it. Nothing else of a TLP changes.</summary>
internal static class IdSwap
{
    /// <summary>Row 1: Mem_H to Mem_IO, Host_H to Host_IO.</summary>
    public static int ToDevice(in TlpView request, Rid hostIo, IoAddress memIo, Span<byte> into) =>
        TlpRewriter.WithAddress(request, hostIo, memIo.Value & ~3UL, into);

    /// <summary>Row 2: requester Host_IO to Host_H, completer VF_IO to VF_H, where the completion lies.</summary>
    public static void CompletionToHost(Span<byte> completion, Rid vfH, Rid hostH) => TlpRewriter.SetIds(completion, vfH, hostH);

    /// <summary>Rows 4, 6, and 7 upwards: requester VF_IO to VF_H, where the request lies; the address is the host's own and stays.</summary>
    public static void ToHost(Span<byte> request, Rid vfH) => TlpRewriter.SetRequester(request, vfH);

    /// <summary>Row 5: requester VF_H to VF_IO, completer Host_H to Host_IO.</summary>
    public static int CompletionToDevice(in TlpView completion, Rid hostIo, Rid vfIo, Span<byte> into) =>
        TlpRewriter.WithIds(completion, hostIo, vfIo, into);

    /// <summary>Row 7 downwards: requester Host_H to Host_IO; a message routed by ID goes to VF_IO.</summary>
    public static int MessageToDevice(in TlpView message, Rid hostIo, Rid vfIo, Span<byte> into)
    {
        var length = TlpRewriter.WithRequester(message, hostIo, into);
        if (message.MessageRouting == MessageRouting.ById)
        {
            BinaryPrimitives.WriteUInt16BigEndian(into[8..], vfIo.Value);
            if (message.HasDigest)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(into[(length - TlpLimits.DigestBytes)..], Ecrc.Compute(into[..(length - TlpLimits.DigestBytes)]));
            }
        }

        return length;
    }
}
