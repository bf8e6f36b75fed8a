using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Ethernet;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>An I/O box that does what the test says, on a real link: it keeps what the host bridge sends and sends what it is told.</summary>
internal sealed class ScriptedBox : ILinkConsumer
{
    public ScriptedBox(LinkOptions options, IRandomSource random, IEventSink events) => Link = new EtherLink(options, this, random, events);

    public EtherLink Link { get; }

    public MacAddress Mac => Link.Options.Local;

    public List<(ushort Function, ulong Generation, byte[] Tlp)> Tlps { get; } = [];

    public List<byte[]> Controls { get; } = [];

    public List<LinkDownReason> Downs { get; } = [];

    /// <summary>Answers each request of the host as soon as it arrives; null: nothing is answered.</summary>
    public Func<byte[], byte[]?>? Answer { get; set; }

    public void Present(ushort function, ulong generation, string name = "disk") =>
        Control(new PresentMessage(function, generation, name, 0x1B36, 0x10, 0x010802, 1).Write);

    /// <param name="function">Its number on the link.</param>
    /// <param name="name">The box's name for it.</param>
    /// <param name="slot">The one that it asks for.</param>
    /// <param name="isDemanded">It must be that one.</param>
    public void Present(ushort function, string name, ushort slot, bool isDemanded) => Control(
        new PresentMessage(function, 1, name, 0x1B36, 0x10, 0x010802, 1) { Slot = slot, IsSlotDemanded = isDemanded }.Write);

    public void Present(PresentMessage message) => Control(message.Write);

    public void Forget(string name) => Control(new ForgetMessage(name).Write);

    public void PressAttention(ushort function, ulong generation) => Control(new PressAttentionMessage(function, generation).Write);

    public void Withdraw(ushort function, ulong generation) => Control(new WithdrawMessage(function, generation).Write);

    public void Send(ushort function, ulong generation, byte[] tlp)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        Assert.True(Link.TrySendTlp(function, generation, view.Class, tlp));
    }

    public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
    {
        var bytes = tlp.ToArray();
        Tlps.Add((function, generation, bytes));
        if (Answer?.Invoke(bytes) is { } answer)
        {
            Assert.True(link.TrySendTlp(function, generation, TlpClass.Completion, answer));
        }
    }

    public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now) => Controls.Add(message.ToArray());

    public void OnUp(EtherLink link, Instant now)
    {
    }

    public void OnDown(EtherLink link, LinkDownReason reason, Instant now) => Downs.Add(reason);

    private delegate int Writer(Span<byte> into);

    private void Control(Writer write)
    {
        var message = new byte[LinkLimits.ControlBytesMax];
        Assert.True(Link.TrySendControl(message.AsSpan(0, write(message))));
    }
}
