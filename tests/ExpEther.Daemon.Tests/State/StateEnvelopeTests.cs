using System.Text;
using ExpEther.Daemon.State;

namespace ExpEther.Daemon.Tests.State;

public class StateEnvelopeTests
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("{\"a\":1,\"name\":\"ä\"}");
    private static readonly byte[] File = StateEnvelope.Wrap("slots", 3, Content);

    [Fact]
    public void What_was_wrapped_comes_back()
    {
        Assert.Equal("", StateEnvelope.TryOpen(File, "slots", out var version, out var state));
        Assert.Equal(3, version);
        Assert.Equal(Content, state.ToArray());
        Assert.True(StateEnvelope.IsWrapped(File));
    }

    [Fact]
    public void The_file_is_what_the_documentation_says()
    {
        // The digest is that of the 42 bytes in front of ,"sha256" and the 19 of the state (checked with sha256sum).
        Assert.Equal(
            "{\"expether\":\"slots\",\"version\":3,\"bytes\":19,\"sha256\":\""
            + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(
                [.. "{\"expether\":\"slots\",\"version\":3,\"bytes\":19"u8, .. Content]))
            + "\",\"state\":{\"a\":1,\"name\":\"ä\"}}\n",
            Encoding.UTF8.GetString(File));
    }

    [Fact]
    public void A_file_with_any_bit_flipped_is_refused()
    {
        for (var bit = 0; bit < File.Length * 8; bit++)
        {
            var flipped = File.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual("", StateEnvelope.TryOpen(flipped, "slots", out _, out var state));
            Assert.True(state.IsEmpty);
        }
    }

    [Fact]
    public void A_file_that_is_cut_or_longer_is_refused()
    {
        for (var length = 0; length < File.Length; length++)
        {
            Assert.NotEqual("", StateEnvelope.TryOpen(File.AsSpan(0, length), "slots", out _, out _));
        }

        Assert.NotEqual("", StateEnvelope.TryOpen([.. File, (byte)'\n'], "slots", out _, out _));
        Assert.NotEqual("", StateEnvelope.TryOpen([.. File, .. File], "slots", out _, out _));
    }

    [Fact]
    public void Parts_of_two_files_are_not_one()
    {
        var other = StateEnvelope.Wrap("slots", 3, Encoding.UTF8.GetBytes("{\"a\":2,\"name\":\"ö\"}"));
        for (var at = 1; at < File.Length; at++)
        {
            byte[] mixed = [.. File.AsSpan(0, at), .. other.AsSpan(at)];
            var isOne = mixed.AsSpan().SequenceEqual(File) || mixed.AsSpan().SequenceEqual(other);
            Assert.Equal(isOne, StateEnvelope.TryOpen(mixed, "slots", out _, out _).Length == 0);
        }
    }

    [Fact]
    public void State_of_another_kind_is_refused() =>
        Assert.Contains("ownership", StateEnvelope.TryOpen(File, "ownership", out _, out _), StringComparison.Ordinal);
}
