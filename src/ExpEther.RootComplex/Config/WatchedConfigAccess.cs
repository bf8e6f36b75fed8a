using ExpEther.Pcie;
using ExpEther.Pcie.Config;

namespace ExpEther.RootComplex.Config;

/// <summary>
/// Counts accesses that a function left without an answer. Whoever reads all-ones from a silent link would otherwise take them for what the
/// function says of itself: no capabilities, no BARs. The first register is left out: there all-ones mean that nobody is there.
/// </summary>
internal sealed class WatchedConfigAccess(IConfigAccess inner) : IConfigAccess
{
    public long Unanswered { get; private set; }

    public async ValueTask<ConfigResult> ReadAsync(Rid target, int register)
    {
        var result = await inner.ReadAsync(target, register);
        Unanswered += result.IsSuccess || register == ConfigRegister.VendorId ? 0 : 1;
        return result;
    }

    public async ValueTask<ConfigStatus> WriteAsync(Rid target, int register, uint value, int enables = 0xF)
    {
        var status = await inner.WriteAsync(target, register, value, enables);
        Unanswered += status == ConfigStatus.Success ? 0 : 1;
        return status;
    }
}
