using System.Buffers.Binary;
using System.Numerics;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Interrupts;
using ExpEther.RootComplex.Memory;

namespace ExpEther.RootComplex.Dma;

/// <summary>
/// The root complex as the completer of memory requests from below: writes go to memory or raise an interrupt at once, reads wait in a
/// ring and are answered as the link takes the completions, split at Max_Payload_Size and a read completion boundary of 64 bytes. The bytes of a
/// read are looked up when they leave, so a mapping taken away meanwhile ends it with UR.
/// </summary>
internal sealed class DmaCompleter(Rid completer, HostMemory memory, InterruptController interrupts, RootComplexCounters counters)
{
    private const int ReadCompletionBoundaryBytes = 64;

    private readonly PendingRead[] _reads = new PendingRead[RootComplexLimits.DmaReadsMax];
    private int _head;
    private int _count;

    public void OnWrite(in TlpView write, bool allowed)
    {
        var address = new HostAddress(write.FirstByteAddress);
        var bytes = write.ByteLength;
        if (write.IsZeroLength)
        {
            return;
        }

        if (!allowed || write.IsPoisoned)
        {
            counters.DmaWritesRefused++;
            return;
        }

        var data = write.Payload.Slice((int)(address.Value & 3), bytes);
        if (InterruptController.IsInterruptAddress(address))
        {
            if (bytes == 4 && (address.Value & 3) == 0)
            {
                interrupts.Raise(write.Requester, address, BinaryPrimitives.ReadUInt32LittleEndian(data));
            }
            else
            {
                counters.InterruptsSpurious++;
            }

            return;
        }

        if (!memory.TryGetSpan(address, bytes, DmaRights.Write, out var span))
        {
            counters.DmaWritesRefused++;
            return;
        }

        counters.DmaWrites++;
        if (IsContiguous(write))
        {
            data.CopyTo(span);
            return;
        }

        for (var i = 0; i < bytes; i++)
        {
            if (IsEnabled(write, (int)(address.Value & 3) + i))
            {
                span[i] = data[i];
            }
        }
    }

    /// <param name="read">A memory read.</param>
    /// <param name="allowed">False: it is answered with UR.</param>
    /// <param name="maxPayloadBytes">For its completions.</param>
    public void OnRead(in TlpView read, bool allowed, int maxPayloadBytes)
    {
        if (_count == _reads.Length)
        {
            // More reads than all tags of all functions below: whoever sends them breaks the tag rules (§2.2.6.2).
            counters.TlpsMalformed++;
            return;
        }

        _reads[(_head + _count) % _reads.Length] = new PendingRead(
            new CompletionSplitter(read, maxPayloadBytes, ReadCompletionBoundaryBytes),
            new Completion(
                completer, read.Requester, read.Tag, CompletionStatus.SuccessfulCompletion, read.ByteLength, (int)(read.FirstByteAddress & 0x7F),
                read.Attributes & ~(TlpAttributes.Poisoned | TlpAttributes.Digest), read.TrafficClass),
            allowed);
        _count++;
    }

    /// <summary>Answers a request that has no other end with UR (configuration requests and atomics from below).</summary>
    public void Refuse(in TlpView request) => Refuse(Completion.To(request, completer, CompletionStatus.UnsupportedRequest));

    /// <summary>Answers a request of a kind that is not carried with UR.</summary>
    /// <returns>False: it is no whole request.</returns>
    public bool TryRefuse(ReadOnlySpan<byte> tlp)
    {
        if (!Completion.TryRefuse(tlp, completer, out var answer))
        {
            return false;
        }

        Refuse(answer);
        return true;
    }

    public bool TryTake(Span<byte> into, out int length)
    {
        length = 0;
        if (_count == 0)
        {
            return false;
        }

        ref var read = ref _reads[_head];
        var piece = read.IsAllowed ? read.Splitter.Next() : default;
        if (!read.IsAllowed || !TryGetData(piece, out var data))
        {
            if (read.IsAllowed)
            {
                read.Completion = read.Completion with { ByteCount = piece.ByteCount, LowerAddress = piece.LowerAddress };
            }

            counters.DmaReadsRefused++;
            length = (read.Completion with { Status = CompletionStatus.UnsupportedRequest }).Write(into);
            Pop();
            return true;
        }

        length = (read.Completion with { ByteCount = piece.ByteCount, LowerAddress = piece.LowerAddress }).Write(into, data);
        if (read.Splitter.IsDone)
        {
            counters.DmaReads++;
            Pop();
        }

        return true;
    }

    private static bool IsContiguous(in TlpView write)
    {
        if (write.LengthDw > 2)
        {
            return true;
        }

        var enables = (uint)write.FirstByteEnables | (uint)(write.LastByteEnables << 4);
        var run = enables >> BitOperations.TrailingZeroCount(enables);
        return (run & (run + 1)) == 0;
    }

    private static bool IsEnabled(in TlpView write, int offset)
    {
        var enables = write.FirstByteEnables | (write.LastByteEnables << 4);
        return ((enables >> offset) & 1) != 0;
    }

    private bool TryGetData(in CompletionPiece piece, out ReadOnlySpan<byte> data)
    {
        // Whole DWs are sent; the bytes around the ones asked for are in the same page, hence in the same mapping.
        var mapped = memory.TryGetSpan(new HostAddress(piece.PayloadAddress), piece.PayloadBytes, DmaRights.Read, out var span);
        data = span;
        return mapped;
    }

    private void Refuse(in Completion answer)
    {
        counters.TlpsUnsupported++;
        if (_count < _reads.Length)
        {
            _reads[(_head + _count) % _reads.Length] = new PendingRead(default, answer, false);
            _count++;
        }
    }

    private void Pop()
    {
        _reads[_head] = default;
        _head = (_head + 1) % _reads.Length;
        _count--;
    }

    private struct PendingRead(CompletionSplitter splitter, Completion completion, bool isAllowed)
    {
        public CompletionSplitter Splitter = splitter;
        public Completion Completion = completion;
        public readonly bool IsAllowed = isAllowed;
    }
}
