using ExpEther.Daemon.Switch;

namespace ExpEther.Daemon.Tests.Switch;

public class SwitchPortArgumentTests
{
    [Theory]
    [InlineData("io,packet=eth1", "io", "eth1", null, "trunk all")]
    [InlineData("io,packet=eth1,trunk", "io", "eth1", null, "trunk all")]
    [InlineData("h,packet=eth1,trunk=102+101", "h", "eth1", null, "trunk 101,102")]
    [InlineData("h,access=7,packet=eth1", "h", "eth1", null, "access 7")]
    [InlineData("h,udp=127.0.0.1:4800,peer=127.0.0.1:1,peer=127.0.0.1:2", "h", "", "127.0.0.1:4800", "trunk all")]
    public void A_port_is_what_its_text_says(string text, string name, string at, string? listen, string mode)
    {
        var port = SwitchPortArgument.Parse(text, out _)!;

        Assert.Equal((name, at, listen, mode), (port.Name, port.Interface, port.Listen?.ToString(), port.Mode.ToString()));
        Assert.Equal(text.Split("peer=").Length - 1, port.Peers.Count);
    }

    [Theory]
    [InlineData("", "name")]
    [InlineData("packet=eth0", "name")]
    [InlineData("io", "packet=INTERFACE")]
    [InlineData("io,packet=eth0,udp=127.0.0.1:1", "not both")]
    [InlineData("io,packet=eth0,access=0", "access=0")]
    [InlineData("io,packet=eth0,trunk=1+5000", "trunk=1+5000")]
    [InlineData("io,udp=nowhere", "udp=nowhere")]
    [InlineData("io,packet=eth0,peer=127.0.0.1:1", "peer=")]
    [InlineData("io,packet=eth0,color=red", "color=red")]
    public void A_wrong_port_is_named(string text, string part)
    {
        Assert.Null(SwitchPortArgument.Parse(text, out var mistake));
        Assert.Contains(part, mistake, StringComparison.Ordinal);
    }
}
