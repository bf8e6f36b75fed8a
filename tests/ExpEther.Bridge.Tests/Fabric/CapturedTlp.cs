using ExpEther.Link.Ethernet;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A TLP as it was in a frame on the wire.</summary>
internal sealed record CapturedTlp(MacAddress Source, MacAddress Destination, VlanId Vlan, ushort Function, ulong Generation, byte[] Bytes)
{
    public TlpView View
    {
        get
        {
            Assert.Equal(TlpError.None, TlpView.TryParse(Bytes, out var view));
            return view;
        }
    }

    public TlpKind Kind => View.Kind;
}
