using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>A host's configuration request, kept until it can be answered.</summary>
internal readonly record struct ConfigRequest(
    ulong Generation, Rid Requester, Tag Tag, TlpAttributes Attributes, Rid Target, int Register, bool IsWrite, uint Value, int Enables)
{
    public static ConfigRequest From(in TlpView view, ulong generation)
    {
        var isWrite = view.Kind is TlpKind.ConfigWrite0;
        return new ConfigRequest(
            generation, view.Requester, view.Tag, view.Attributes & ~(TlpAttributes.Poisoned | TlpAttributes.Digest), view.ConfigTarget,
            view.ConfigRegister, isWrite, isWrite ? view.ConfigValue : 0, view.FirstByteEnables);
    }
}
