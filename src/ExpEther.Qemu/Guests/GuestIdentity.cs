using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu.Guests;

/// <summary>By what a guest is known at both ends of its migration: the UUID of QEMU's <c>-uuid</c>.</summary>
internal static class GuestIdentity
{
    /// <returns>All zeros: QEMU was given none, or did not answer.</returns>
    public static async Task<Guid> AskAsync(QmpClient qmp)
    {
        var reply = await qmp.ExecuteAsync("query-uuid", null, QemuLimits.QmpCommandTimeout);
        return reply.IsDone && reply.Value.TryGetText("UUID", out var text) && Guid.TryParse(text, out var guest) ? guest : Guid.Empty;
    }
}
