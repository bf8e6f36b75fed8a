using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>A TLP as a link delivered it.</summary>
internal sealed record ReceivedTlp(ushort Function, ulong Generation, byte[] Bytes)
{
    public TlpView View
    {
        get
        {
            Assert.Equal(TlpError.None, TlpView.TryParse(Bytes, out var view));
            return view;
        }
    }
}
