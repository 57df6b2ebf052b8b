using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

/// <summary>Random text through everything that reads the environment: it ends with a result of its type, or with the one exception it has.</summary>
public class DiscoveryFuzzTests
{
    private const int Rounds = 4000;
    private const string Alphabet = "0123456789[](),-x:/ \t\0\u001b+GPUMIGnodeab٣\ud800\u00e9";

    private static readonly string[] s_seeds =
    [
        "gpu[01-03,7],login,rack[1-2]n[08-11]-ib", "2(x3),1", "0,1,2", "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6,GPU-1",
        "MIG-GPU-8932f937-d72c-4106-c12f-20bd9faed9f6/1/0", "NoDevFiles", "-1", "4096", "16G", "4294967291",
    ];

    private static readonly string[] s_names = [.. SlurmVariablesOf.Task.Split('\n').Select(line => line.Split('=')[0]), "SLURM_MEM_PER_NODE", "SLURM_CPUS_PER_TASK"];

    [Fact]
    public void Host_lists_have_names_or_a_fault()
    {
        var random = new Random(1);
        int expanded = 0;
        for (int i = 0; i < Rounds; i++)
        {
            string text = Text(random);
            try
            {
                Assert.All(HostList.Expand(text), name => Assert.InRange(name.Length, 1, HostList.MaxNameLength));
                expanded++;
            }
            catch (HostListException exception)
            {
                Assert.InRange(exception.Position, 0, text.Length);
            }
        }
        // Else nothing but refusals was tested.
        Assert.InRange(expanded, Rounds / 100, Rounds * 99 / 100);
    }

    [Fact]
    public void Counts_are_positive_or_refused()
    {
        var random = new Random(2);
        for (int i = 0; i < Rounds; i++)
        {
            bool isRead = NodeCounts.TryParse(Text(random), out var counts);
            Assert.Equal(isRead, !counts.IsEmpty);
            Assert.All(counts, count => Assert.True(count > 0));
        }
    }

    [Fact]
    public void Masks_never_show_a_device_that_is_not_there_or_one_twice()
    {
        var random = new Random(3);
        string[] machine = ["GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", "GPU-1fb8e1c2-0000-4106-c12f-20bd9faed9f6"];
        for (int i = 0; i < Rounds; i++)
        {
            CudaVisibleDevices mask = CudaVisibleDevices.Parse(Text(random));
            int[] gpus = [.. mask.Resolve(machine, out _).Where(place => place >= 0)];
            Assert.Equal(gpus.Distinct(), gpus);
            Assert.All(gpus, place => Assert.InRange(place, 0, machine.Length - 1));
            Assert.All(mask.Entries, entry => Assert.NotEmpty(entry.Label));
        }
    }

    [Fact]
    public void Environments_give_consistent_facts()
    {
        var random = new Random(4);
        for (int i = 0; i < Rounds; i++)
        {
            string[] changes = [.. s_names.Where(_ => random.Next(4) == 0).Select(name => $"{name}={Text(random)}")];
            SlurmEnvironment slurm = SlurmEnvironment.Read(SlurmVariablesOf.With(SlurmVariablesOf.Task, changes), "here");
            Assert.InRange(slurm.Rank, 0, slurm.WorldSize - 1);
            Assert.True(slurm.LocalRank >= 0);
            Assert.NotEmpty(slurm.Nodes);
            Assert.True(slurm.Processors is null or > 0);
            Assert.True(slurm.NodeIndex is null or >= 0);
            Assert.All(slurm.Problems, problem => Assert.DoesNotContain(problem.What, char.IsControl));
        }
    }

    // A seed with a few characters changed, or characters at random.
    private static string Text(Random random)
    {
        if (random.Next(4) == 0)
            return new string([.. Enumerable.Range(0, random.Next(20)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
        List<char> text = [.. s_seeds[random.Next(s_seeds.Length)]];
        for (int edits = random.Next(4); edits > 0 && text.Count > 0; edits--)
        {
            int place = random.Next(text.Count);
            switch (random.Next(3))
            {
                case 0:
                    text[place] = Alphabet[random.Next(Alphabet.Length)];
                    break;
                case 1:
                    text.Insert(place, Alphabet[random.Next(Alphabet.Length)]);
                    break;
                default:
                    text.RemoveAt(place);
                    break;
            }
        }
        return new string([.. text]);
    }
}
