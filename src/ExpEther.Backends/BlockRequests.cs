using ExpEther.Linux;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends;

/// <summary>What every backend asks of a request. The controller has checked what the host asked for; what is wrong all the same ends the request.</summary>
internal static class BlockRequests
{
    /// <returns>EINVAL for a request that is not one for this backend, else none.</returns>
    public static Errno Check(in BlockRequest request, IBlockBackend backend)
    {
        if (request.Operation == BlockOperation.Flush)
        {
            return Errno.None;
        }

        var hasBuffer = request.Operation is BlockOperation.Read or BlockOperation.Write;
        return request.Operation <= BlockOperation.Deallocate
            && request.Bytes is > 0 and <= BackendLimits.RequestBytesMax
            && ((request.OffsetBytes | (uint)request.Bytes) & (backend.BlockBytes - 1L)) == 0
            && request.OffsetBytes >= 0 && request.OffsetBytes <= backend.LengthBytes - request.Bytes
            && (!hasBuffer || request.Buffer.Length >= request.Bytes)
            ? Errno.None
            : Errno.EINVAL;
    }
}
