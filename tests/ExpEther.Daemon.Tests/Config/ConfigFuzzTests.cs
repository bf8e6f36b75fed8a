using CsCheck;
using ExpEther.Daemon.Config;

namespace ExpEther.Daemon.Tests.Config;

/// <summary>A configuration file may hold anything, also at a reload of a daemon that has hosts to serve: it is read, or refused with its lines.</summary>
public sealed class ConfigFuzzTests : IDisposable
{
    private const int Files = 2000;

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("io.toml")]
    [InlineData("one-machine/io2.toml")]
    public void A_faulty_file_of_a_box_is_read_or_refused_with_its_lines(string example) => ReadFaulty(example, file => IoConfig.Load(file));

    [Theory]
    [InlineData("host.toml")]
    [InlineData("one-machine/host1.toml")]
    [InlineData("guests/vm1.toml")]
    public void A_faulty_file_of_a_host_is_read_or_refused_with_its_lines(string example) => ReadFaulty(example, file => HostConfig.Load(file));

    [Theory]
    [InlineData("[")]
    [InlineData("{a=")]
    public void Nesting_without_end_is_refused(string bracket)
    {
        var file = _scratch.Write("deep.toml", "x = " + string.Concat(Enumerable.Repeat(bracket, 100_000)));

        Assert.NotEmpty(Assert.Throws<ConfigException>(() => IoConfig.Load(file)).Errors);
    }

    private void ReadFaulty(string example, Action<string> read)
    {
        var valid = File.ReadAllBytes(Path.Combine(RepositoryFolder.Root, "examples", example));
        Gen.Int.Sample(
            seed =>
            {
                var path = _scratch.File("faulty.toml");
                File.WriteAllBytes(path, Mutation.OfText(valid, Mutation.TomlPieces, new Random(seed)));
                try
                {
                    read(path);
                }
                catch (ConfigException e)
                {
                    Assert.All(e.Errors, error => Assert.True(error.Line >= 1 && error.What.Length > 0 && error.Remedy.Length > 0, $"{error}"));
                }
            },
            iter: Files, threads: 1);
    }
}
