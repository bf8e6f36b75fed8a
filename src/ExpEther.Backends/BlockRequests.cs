using ExpEther.Nvme.Backends;

namespace ExpEther.Backends;

/// <summary>What every backend may take for granted of a request; the controller has checked what the host asked for.</summary>
internal static class BlockRequests
{
    public static void Check(in BlockRequest request, IBlockBackend backend)
    {
        if (request.Operation == BlockOperation.Flush)
        {
            return;
        }

        var block = backend.BlockBytes - 1;
        Core.Check.That(request.Bytes is > 0 and <= BackendLimits.RequestBytesMax);
        Core.Check.That(((request.OffsetBytes | (uint)request.Bytes) & block) == 0);
        Core.Check.That(request.OffsetBytes >= 0 && request.OffsetBytes <= backend.LengthBytes - request.Bytes);
        Core.Check.That(request.Operation is BlockOperation.WriteZeroes or BlockOperation.Deallocate || request.Buffer.Length >= request.Bytes);
    }
}
